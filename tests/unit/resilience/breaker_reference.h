#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "resilience/circuit_breaker.h"

namespace cairn::resilience {

/// What a CircuitBreaker without jitter does, in the slowest and plainest way: it keeps every
/// result of the current generation and counts again for each decision.
class BreakerReference {
 public:
  explicit BreakerReference(BreakerOptions options) : o_(std::move(options)) {}

  struct Permit {
    int generation = 0;
    int trial = -1;
    int64_t start_ns = 0;
  };

  bool Acquire(int64_t now, Permit* permit) {
    if (state_ == BreakerState::kForcedOpen) return false;
    if (state_ == BreakerState::kOpen) {
      if (now < open_until_) return false;
      Enter(BreakerState::kHalfOpen, now);
    }
    *permit = {generation_, -1, now};
    if (state_ != BreakerState::kHalfOpen) return true;
    for (auto it = leases_.begin(); it != leases_.end();) {
      bool overdue = now - it->second >= o_.trial_lease_ns;
      lost_ |= overdue;
      it = overdue ? leases_.erase(it) : std::next(it);
    }
    if (lost_ && now - entered_ns_ >= o_.half_open_ns) {
      Enter(BreakerState::kOpen, now);
      return false;
    }
    if (leases_.size() + static_cast<size_t>(succeeded_) >= o_.half_open_trials) return false;
    permit->trial = next_trial_++;
    leases_[permit->trial] = now;
    return true;
  }

  void Record(const Permit& permit, Code code, int64_t now) {
    if (permit.generation != generation_ || state_ == BreakerState::kDisabled) return;
    bool failed = Contains(o_.failure_mask, code);
    bool none = !failed && Contains(o_.ignore_mask, code);
    bool slow = !none && o_.slow_rate > 0 && now - permit.start_ns > o_.slow_call_ns;
    if (state_ == BreakerState::kHalfOpen) return RecordTrial(permit, failed || slow, none, now);
    if (none || state_ != BreakerState::kClosed) return;
    results_.push_back({now, failed, slow});
    row_ = failed ? row_ + 1 : 0;
    if (MustOpen(now)) Enter(BreakerState::kOpen, now);
  }

  void Force(BreakerState state, int64_t now) { Enter(state, now); }

  BreakerState state() const { return state_; }

 private:
  struct Seen {
    int64_t at_ns;
    bool failed;
    bool slow;
  };

  void RecordTrial(const Permit& permit, bool bad, bool none, int64_t now) {
    if (leases_.erase(permit.trial) == 0) return;
    if (bad) return Enter(BreakerState::kOpen, now);
    if (!none && ++succeeded_ == static_cast<int>(o_.half_open_trials)) {
      Enter(BreakerState::kClosed, now);
    }
  }

  bool InWindow(size_t i, int64_t now) const {
    if (o_.window == WindowKind::kCalls) return results_.size() - i <= o_.window_calls;
    int64_t bucket = (o_.window_ns + 15) / 16;
    return now / bucket - results_[i].at_ns / bucket < 16;
  }

  bool MustOpen(int64_t now) const {
    if (o_.consecutive_failures != 0 && row_ >= o_.consecutive_failures) return true;
    double calls = 0;
    double failures = 0;
    double slow = 0;
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!InWindow(i, now)) continue;
      ++calls;
      failures += results_[i].failed ? 1 : 0;
      slow += results_[i].slow ? 1 : 0;
    }
    if (calls < o_.minimum_calls) return false;
    return (o_.failure_rate > 0 && failures >= o_.failure_rate * calls) ||
           (o_.slow_rate > 0 && slow >= o_.slow_rate * calls);
  }

  void Enter(BreakerState to, int64_t now) {
    if (to == BreakerState::kOpen) {
      double open = static_cast<double>(o_.open_ns) * std::pow(o_.open_growth, reopened_++);
      open_until_ = now + static_cast<int64_t>(std::min(open, static_cast<double>(o_.max_open_ns)));
    }
    if (to == BreakerState::kClosed) reopened_ = 0;
    results_.clear();
    leases_.clear();
    row_ = 0;
    succeeded_ = 0;
    lost_ = false;
    entered_ns_ = now;
    state_ = to;
    ++generation_;
  }

  const BreakerOptions o_;
  BreakerState state_ = BreakerState::kClosed;
  int generation_ = 0;
  int next_trial_ = 0;
  int reopened_ = 0;
  uint32_t row_ = 0;
  int succeeded_ = 0;
  bool lost_ = false;
  int64_t open_until_ = 0;
  int64_t entered_ns_ = 0;
  std::deque<Seen> results_;
  std::map<int, int64_t> leases_;
};

}  // namespace cairn::resilience
