#include "limiter/shared_limiter.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace cairn::limiter {
namespace {

/// Names are known for as long as the limiter lives; a store's may not be.
void NameRule(const Policy& policy, const ReadyPolicy& ready, Decision* decision) {
  if (decision->rule_index >= policy.rules.size()) decision->rule_index = 0;
  decision->rule = ready.names[decision->rule_index];
  decision->overflowed = false;
  decision->degraded = false;
}

}  // namespace

SharedLimiter::SharedLimiter(std::unique_ptr<Store> store, Limiter* local, const Options& options)
    : store_(std::move(store)),
      local_(local),
      options_(options),
      lines_(&local->clock(), options_.wait) {}

bool SharedLimiter::is_pausing() const {
  return local_->clock().MonotonicNs() < pause_until_.load(std::memory_order_relaxed);
}

bool SharedLimiter::Enter() {
  if (pause_ns_.load(std::memory_order_relaxed) == 0) return true;
  const int64_t now = local_->clock().MonotonicNs();
  int64_t until = pause_until_.load(std::memory_order_relaxed);
  if (now < until) return false;
  // The pause is over: whoever moves its end tries, the others wait for what he finds.
  const int64_t next = now + options_.timeout_ns + options_.first_pause_ns;
  return pause_until_.compare_exchange_strong(until, next, std::memory_order_relaxed);
}

void SharedLimiter::Succeeded() {
  if (pause_ns_.load(std::memory_order_relaxed) != 0) {
    pause_ns_.store(0, std::memory_order_relaxed);
    pause_until_.store(INT64_MIN, std::memory_order_relaxed);
  }
}

void SharedLimiter::Failed() {
  failures_.fetch_add(1, std::memory_order_relaxed);
  const int64_t now = local_->clock().MonotonicNs();
  const int64_t before = pause_ns_.load(std::memory_order_relaxed);
  const int64_t pause =
      before == 0 ? options_.first_pause_ns : std::min(2 * before, options_.max_pause_ns);
  pause_ns_.store(std::max<int64_t>(pause, 1), std::memory_order_relaxed);
  pause_until_.store(now + pause, std::memory_order_relaxed);
}

Status SharedLimiter::Note(Status status) {
  if (status.ok()) {
    Succeeded();
  } else {
    Failed();
  }
  return status;
}

bool SharedLimiter::IsImpossible(PolicyId id, uint64_t cost, Decision* decision) const {
  const ReadyPolicy& ready = local_->ReadyOf(id);
  for (size_t i = 0; i < ready.rule_count; ++i) {
    if (ready.meters[i].IsPossible(cost)) continue;
    decision->outcome = Outcome::kImpossible;
    decision->rule_index = static_cast<uint8_t>(i);
    decision->limit = ready.meters[i].capacity();
    decision->rule = ready.names[i];
    return true;
  }
  return false;
}

Decision SharedLimiter::Decide(PolicyId id, std::string_view key, uint64_t cost, bool peek) {
  cost = std::max<uint64_t>(cost, 1);
  Decision decision;
  if (!IsImpossible(id, cost, &decision)) {
    if (!Enter()) return Degraded(id, key, cost, peek);
    const ReadyPolicy& ready = local_->ReadyOf(id);
    Result<Decision> answer = store_->Decide({&ready.policy, key, cost, peek}, options_.timeout_ns);
    if (!answer.ok()) {
      Failed();
      return Degraded(id, key, cost, peek);
    }
    Succeeded();
    decision = *answer;
    NameRule(ready.policy, ready, &decision);
  }
  if (!peek) local_->Count(id, decision);
  return decision;
}

Decision SharedLimiter::Degraded(PolicyId id, std::string_view key, uint64_t cost, bool peek) {
  const Key hashed = local_->hasher().Of(key);
  const ReadyPolicy& ready = local_->ReadyOf(id);
  Decision decision;
  if (options_.on_trouble == OnTrouble::kLocal) {
    decision = peek ? local_->Peek(id, hashed, cost) : local_->Check(id, hashed, cost);
  } else {
    decision.rule = ready.names[0];
    decision.limit = ready.meters[0].capacity();
    if (options_.on_trouble == OnTrouble::kClosed) {
      decision.outcome = Outcome::kRefused;
      const int64_t left =
          pause_until_.load(std::memory_order_relaxed) - local_->clock().MonotonicNs();
      decision.retry_after_ns = std::max<int64_t>(left, 1'000'000);
      decision.reset_after_ns = decision.retry_after_ns;
    }
  }
  decision.degraded = true;
  if (peek) return decision;
  if (options_.on_trouble == OnTrouble::kLocal) {
    local_->CountDegraded(id);  // the decision itself is counted already
  } else {
    local_->Count(id, decision);
  }
  return decision;
}

Decision SharedLimiter::Check(PolicyId id, std::string_view key, uint64_t cost) {
  return Decide(id, key, cost, false);
}

Decision SharedLimiter::Peek(PolicyId id, std::string_view key, uint64_t cost) {
  return Decide(id, key, cost, true);
}

int64_t SharedLimiter::PauseAfter(PolicyId id, const Decision& decision, int64_t left_ns) const {
  const int64_t pause = local_->PauseAfter(id, decision, left_ns);
  const bool has_permits = PermitRule(local_->ReadyOf(id).policy) != nullptr;
  return has_permits ? std::min(pause, kPermitPauseNs) : pause;
}

Decision SharedLimiter::Acquire(PolicyId id, std::string_view key, uint64_t cost,
                                int64_t max_wait_ns) {
  Decision known;
  bool is_new = false;  // `known` needs not be asked for again
  const auto ask = [&](bool is_first, int64_t left_ns) -> WaitLines::Answer {
    if (is_first && !std::exchange(is_new, false)) known = Check(id, key, cost);
    if (is_first) return {known, PauseAfter(id, known, left_ns)};
    known.outcome = Outcome::kRefused;
    return {known, std::max<int64_t>(left_ns, 0)};
  };
  if (max_wait_ns <= 0 || lines_.waiting_count() == 0) {
    known = Check(id, key, cost);
    if (PauseAfter(id, known, max_wait_ns) == 0) return known;
    is_new = true;
  } else {
    known = Peek(id, key, cost);
    if (!known.allowed() && PauseAfter(id, known, max_wait_ns) == 0) return known;
  }
  return lines_.Acquire(PlaceOf(id, key), max_wait_ns, ask);
}

void SharedLimiter::CheckBatch(PolicyId id, std::span<const std::string_view> keys,
                               std::span<const uint64_t> costs, std::span<Decision> decisions_out) {
  const ReadyPolicy& ready = local_->ReadyOf(id);
  std::vector<StoreCall> calls;
  std::vector<size_t> places;
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint64_t cost = costs.empty() ? 1 : std::max<uint64_t>(costs[i], 1);
    decisions_out[i] = Decision();
    if (IsImpossible(id, cost, &decisions_out[i])) {
      local_->Count(id, decisions_out[i]);
      continue;
    }
    calls.push_back({&ready.policy, keys[i], cost, false});
    places.push_back(i);
  }
  std::vector<Decision> answers(calls.size());
  const bool asked = !calls.empty() && Enter();
  const bool answered = asked && Note(store_->DecideMany(calls, answers, options_.timeout_ns)).ok();
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!answered) {
      decisions_out[places[i]] = Degraded(id, calls[i].key, calls[i].cost, false);
      continue;
    }
    NameRule(ready.policy, ready, &answers[i]);
    local_->Count(id, answers[i]);
    decisions_out[places[i]] = answers[i];
  }
}

Status SharedLimiter::Refund(PolicyId id, std::string_view key, uint64_t cost,
                             const Decision& decision) {
  if (!decision.degraded) {
    return Note(store_->Refund(local_->ReadyOf(id).policy, key, cost, options_.timeout_ns));
  }
  if (options_.on_trouble == OnTrouble::kLocal) {
    local_->Refund(id, local_->hasher().Of(key), cost, local_->clock().MonotonicNs());
  }
  return OkStatus();
}

Status SharedLimiter::Release(PolicyId id, std::string_view key, const Decision& decision) {
  if (decision.permit == 0) return OkStatus();
  if (!decision.degraded) {
    Status status = Note(
        store_->Release(local_->ReadyOf(id).policy, key, decision.permit, options_.timeout_ns));
    lines_.Freed(PlaceOf(id, key));
    return status;
  }
  local_->Release(id, local_->hasher().Of(key), decision.permit, local_->clock().MonotonicNs());
  lines_.Freed(PlaceOf(id, key));
  return OkStatus();
}

Status SharedLimiter::Reset(PolicyId id, std::string_view key) {
  local_->Reset(id, local_->hasher().Of(key));
  return Note(store_->Reset(local_->ReadyOf(id).policy, key, options_.timeout_ns));
}

}  // namespace cairn::limiter
