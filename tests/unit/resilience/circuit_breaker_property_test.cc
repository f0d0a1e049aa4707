// The breaker against BreakerReference, on random settings and random histories.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "unit/resilience/breaker_reference.h"
#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

class History {
 public:
  explicit History(uint64_t seed)
      : random_(seed), options_(RandomOptions()), real_(options_), reference_(options_) {}

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      Step();
      ASSERT_EQ(real_->state(), reference_.state()) << "step " << step;
      ++visits_[static_cast<size_t>(reference_.state())];
    }
  }

  const std::array<int, kBreakerStates>& visits() const { return visits_; }

 private:
  struct Call {
    BreakerPermit real;
    BreakerReference::Permit reference;
  };

  uint64_t Pick(uint64_t below) { return random_() % below; }

  BreakerOptions RandomOptions() {
    BreakerOptions o;
    o.consecutive_failures = Pick(2) == 0 ? 0 : static_cast<uint32_t>(1 + Pick(6));
    if (o.consecutive_failures == 0 || Pick(2) == 0) {
      o.failure_rate = static_cast<double>(1 + Pick(10)) / 10;
    }
    if (Pick(3) == 0) {
      o.slow_rate = static_cast<double>(1 + Pick(10)) / 10;
      o.slow_call_ns = static_cast<int64_t>(1 + Pick(kSecond));
    }
    o.window = Pick(2) == 0 ? WindowKind::kCalls : WindowKind::kTime;
    o.window_calls = static_cast<uint32_t>(1 + Pick(40));
    o.minimum_calls = static_cast<uint32_t>(1 + Pick(o.window_calls));
    o.window_ns = static_cast<int64_t>(kMs + Pick(20 * kSecond));
    o.open_ns = static_cast<int64_t>(1 + Pick(10 * kSecond));
    o.open_growth = 1 + static_cast<double>(Pick(3));
    o.max_open_ns = o.open_ns * static_cast<int64_t>(1 + Pick(8));
    o.half_open_trials = static_cast<uint32_t>(1 + Pick(5));
    o.trial_lease_ns = static_cast<int64_t>(1 + Pick(3 * kSecond));
    o.half_open_ns = o.trial_lease_ns * static_cast<int64_t>(1 + Pick(3));
    o.open_jitter = 0;
    failure_share_ = Pick(70);
    return o;
  }

  Code RandomCode() {
    if (Pick(100) < failure_share_) return Pick(2) == 0 ? Code::kUnavailable : Code::kTimedOut;
    if (Pick(12) == 0) return Code::kCancelled;
    return Pick(4) == 0 ? Code::kNotFound : Code::kOk;
  }

  void Step() {
    uint64_t what = Pick(1000);
    if (what < 300) {
      real_.clock.Advance(static_cast<int64_t>(Pick(100 * kMs)));
    } else if (what < 320) {
      real_.clock.Advance(static_cast<int64_t>(Pick(30 * kSecond)));
    } else if (what < 324) {
      Force();
    } else if (what < 660 || calls_.empty()) {
      Acquire();
    } else {
      Record(what < 680);
    }
  }

  void Acquire() {
    BreakerAdmission admission = real_->Acquire();
    Call call{admission.permit, {}};
    bool expected = reference_.Acquire(real_.clock.MonotonicNs(), &call.reference);
    ASSERT_EQ(admission.admitted, expected);
    if (expected && Pick(20) != 0) calls_.push_back(call);  // some permits are lost
  }

  /// A random one of those under way; `keep` hands in its result twice.
  void Record(bool keep) {
    size_t i = Pick(calls_.size());
    Call call = calls_[i];
    if (!keep) calls_.erase(calls_.begin() + static_cast<ptrdiff_t>(i));
    Code code = Pick(15) == 0 ? Code::kCancelled : RandomCode();
    if (code == Code::kCancelled && Pick(2) == 0) {
      real_->Release(call.real);
    } else {
      real_->Record(call.real, code);
    }
    reference_.Record(call.reference, code, real_.clock.MonotonicNs());
  }

  void Force() {
    switch (Pick(4)) {
      case 0:
        real_->ForceOpen();
        return reference_.Force(BreakerState::kForcedOpen, real_.clock.MonotonicNs());
      case 1:
        real_->ForceClosed();
        return reference_.Force(BreakerState::kForcedClosed, real_.clock.MonotonicNs());
      case 2:
        real_->Disable();
        return reference_.Force(BreakerState::kDisabled, real_.clock.MonotonicNs());
      default:
        real_->Reset();
        return reference_.Force(BreakerState::kClosed, real_.clock.MonotonicNs());
    }
  }

  std::mt19937_64 random_;
  uint64_t failure_share_ = 0;
  const BreakerOptions options_;
  TestBreaker real_;
  BreakerReference reference_;
  std::vector<Call> calls_;
  std::array<int, kBreakerStates> visits_{};
};

TEST(CircuitBreakerPropertyTest, DoesWhatTheReferenceDoes) {
  std::array<int, kBreakerStates> visits{};
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    History history(seed);
    history.Run(3000);
    if (HasFatalFailure()) return;
    for (size_t i = 0; i < kBreakerStates; ++i) visits[i] += history.visits()[i];
  }
  for (int count : visits) EXPECT_GT(count, 1000) << "a state was hardly ever visited";
}

}  // namespace
}  // namespace cairn::resilience
