#include "net/outage_gate.h"

#include <algorithm>

namespace cairn::net {
namespace {

/// Of a pass while the gate is open; a trial's is the end of its lease, which is never 0.
constexpr uint64_t kOrdinary = 0;

/// The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
uint64_t Scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

OutageGate::OutageGate(const OutageGateOptions& options, const Clock* clock)
    : options_(options), clock_(clock), pause_ns_(options.first_pause_ns), random_(options.seed) {}

Pass OutageGate::Enter() {
  int64_t retry_at_ns = retry_at_ns_.load(std::memory_order_acquire);
  if (retry_at_ns == 0) return {.is_admitted = true, .id = kOrdinary};
  const int64_t now_ns = clock_->MonotonicNs();
  if (now_ns < retry_at_ns) return {};
  const int64_t lease_ns = std::max<int64_t>(now_ns + options_.trial_ns, 1);
  const bool is_mine =
      retry_at_ns_.compare_exchange_strong(retry_at_ns, lease_ns, std::memory_order_acq_rel);
  return {.is_admitted = is_mine, .id = static_cast<uint64_t>(lease_ns)};
}

bool OutageGate::IsShut() const {
  const int64_t retry_at_ns = retry_at_ns_.load(std::memory_order_acquire);
  return retry_at_ns != 0 && clock_->MonotonicNs() < retry_at_ns;
}

void OutageGate::Leave(const Pass& pass, Outcome outcome) {
  if (pass.id == kOrdinary) {
    LeaveOrdinary(outcome);
  } else {
    LeaveTrial(static_cast<int64_t>(pass.id), outcome);
  }
}

void OutageGate::LeaveOrdinary(Outcome outcome) {
  if (outcome == Outcome::kUnused) return;
  if (outcome == Outcome::kSuccess) {
    // A load is cheap where a store by every caller would fight over the line.
    if (failures_.load(std::memory_order_relaxed) != 0) {
      failures_.store(0, std::memory_order_relaxed);
    }
    return;
  }
  if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < options_.failure_count) return;
  int64_t open = 0;
  if (retry_at_ns_.compare_exchange_strong(open, AfterPause(options_.first_pause_ns),
                                           std::memory_order_acq_rel)) {
    pause_ns_.store(options_.first_pause_ns, std::memory_order_relaxed);
    shut_count_.fetch_add(1, std::memory_order_relaxed);
  }
}

void OutageGate::LeaveTrial(int64_t lease_ns, Outcome outcome) {
  int64_t next_ns = 0;
  if (outcome == Outcome::kSuccess) {
    failures_.store(0, std::memory_order_relaxed);
  } else if (outcome == Outcome::kFailure) {
    const int64_t pause_ns =
        std::min(pause_ns_.load(std::memory_order_relaxed) * 2, options_.max_pause_ns);
    pause_ns_.store(pause_ns, std::memory_order_relaxed);
    next_ns = AfterPause(pause_ns);
  } else {
    next_ns = std::max<int64_t>(clock_->MonotonicNs(), 1);  // the next caller may try at once
  }
  retry_at_ns_.compare_exchange_strong(lease_ns, next_ns, std::memory_order_acq_rel);
}

int64_t OutageGate::AfterPause(int64_t pause_ns) {
  const uint64_t random =
      Scramble(random_.fetch_add(0x9e3779b97f4a7c15U, std::memory_order_relaxed));
  const auto cut = static_cast<int64_t>(random % static_cast<uint64_t>(pause_ns / 5 + 1));
  return std::max<int64_t>(clock_->MonotonicNs() + pause_ns - cut, 1);
}

}  // namespace cairn::net
