#include "resilience/circuit_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kNan = std::numeric_limits<double>::quiet_NaN();

std::string FaultsOf(const BreakerOptions& options) {
  auto made = CircuitBreaker::Create(options);
  if (made.ok()) return "none";
  EXPECT_EQ(made.status().code(), Code::kInvalidArgument);
  return std::string(made.status().message());
}

TEST(CircuitBreakerTest, AllFaultsAreListedAtOnce) {
  BreakerOptions options;
  options.name = "db";
  options.consecutive_failures = 0;
  options.failure_rate = 1.5;
  options.slow_rate = kNan;
  options.slow_call_ns = -1;
  options.window = static_cast<WindowKind>(7);
  options.window_calls = 0;
  options.window_ns = 0;
  options.minimum_calls = 0;
  options.open_ns = 0;
  options.max_open_ns = -1;
  options.open_growth = 0.5;
  options.open_jitter = 2;
  options.half_open_trials = 0;
  options.trial_lease_ns = 0;
  options.half_open_ns = -1;
  options.failure_mask = MaskOf(Code::kOk);
  options.ignore_mask = MaskOf(Code::kOk);
  EXPECT_THAT(
      FaultsOf(options),
      AllOf(HasSubstr("circuit breaker 'db': "), HasSubstr("failure_rate is 1.5"),
            HasSubstr("slow_rate is "), HasSubstr("slow_call_ns is -1"), HasSubstr("window is 7"),
            HasSubstr("window_calls is 0"), HasSubstr("window_ns is 0"),
            HasSubstr("minimum_calls is 0"), HasSubstr("open_ns is 0"), HasSubstr("max_open_ns"),
            HasSubstr("open_growth is 0.5"), HasSubstr("open_jitter is 2"),
            HasSubstr("half_open_trials is 0"),
            AllOf(HasSubstr("trial_lease_ns is 0"), HasSubstr("half_open_ns"),
                  HasSubstr("both failure_mask and ignore_mask"), HasSubstr("code OK"))));
}

TEST(CircuitBreakerTest, SettingsThatContradictEachOtherAreRefused) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  EXPECT_THAT(FaultsOf(options), HasSubstr("no rule is set"));
  options.failure_rate = 0.5;
  EXPECT_EQ(FaultsOf(options), "none");
  options.window_calls = 10;
  EXPECT_THAT(FaultsOf(options), HasSubstr("no rate would ever be taken"));
  options.window = WindowKind::kTime;
  EXPECT_EQ(FaultsOf(options), "none");
  options.slow_rate = 0.5;
  EXPECT_THAT(FaultsOf(options), HasSubstr("no call is ever slow"));
  options.slow_rate = 0;
  options.slow_call_ns = kSecond;
  EXPECT_THAT(FaultsOf(options), HasSubstr("slow calls have no effect"));
  options = BreakerOptions();
  options.failure_mask = 0;
  EXPECT_THAT(FaultsOf(options), HasSubstr("nothing would count"));
}

TEST(CircuitBreakerTest, FiveFailuresInARowOpenItByDefault) {
  TestBreaker breaker;
  breaker.Fail(4);
  EXPECT_TRUE(breaker.Call());
  breaker.Fail(4);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker.Fail(1);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  BreakerAdmission refused = breaker->Acquire();
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after_ns, 60 * kSecond);
  EXPECT_EQ(breaker->Refusal(refused).code(), Code::kUnavailable);
  EXPECT_EQ(breaker->Refusal(refused).message(),
            "circuit breaker 'target' is not letting calls through; try again in 60000 ms");
}

TEST(CircuitBreakerTest, OpensAgainAfterAFailedTrialAndForLonger) {
  BreakerOptions options;
  options.open_ns = 10 * kSecond;
  options.max_open_ns = 35 * kSecond;
  TestBreaker breaker(options);
  breaker.Fail(5);
  for (int64_t open_s : {10, 20, 35, 35}) {
    breaker.clock.Advance(open_s * kSecond - 1);
    EXPECT_FALSE(breaker.Call()) << open_s;
    breaker.clock.Advance(1);
    EXPECT_TRUE(breaker.Call()) << open_s;
    EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
    EXPECT_TRUE(breaker.Call(Code::kTimedOut));
    EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  }
  breaker.clock.Advance(35 * kSecond);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(breaker.Call());
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker.Fail(5);
  breaker.clock.Advance(10 * kSecond);  // having been well, it starts with the first time again
  EXPECT_TRUE(breaker.Call());
}

TEST(CircuitBreakerTest, JitterMakesTheOpenTimeLongerAndNeverShorter) {
  BreakerOptions options;
  options.open_jitter = 0.5;
  ConstantRandom most(~uint64_t{0});
  TestBreaker breaker(options, &most);
  breaker.Fail(5);
  int64_t wait = breaker->Acquire().retry_after_ns;
  EXPECT_GT(wait, 89 * kSecond);
  EXPECT_LE(wait, 90 * kSecond);
}

TEST(CircuitBreakerTest, CodesOfTheCallerAndNoVerdictsDoNotCountAsFailures) {
  TestBreaker breaker;
  for (Code code : {Code::kInvalidArgument, Code::kNotFound, Code::kAlreadyExists,
                    Code::kPermissionDenied, Code::kFailedPrecondition, Code::kOutOfRange,
                    Code::kUnsupported, Code::kCancelled, Code::kRateLimited}) {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(breaker.Call(code)) << CodeName(code);
  }
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->Stats().ignored, 20u);
  breaker.Fail(4);
  EXPECT_TRUE(breaker.Call(Code::kCancelled));  // neither resets the row nor adds to it
  breaker.Fail(1);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST(CircuitBreakerTest, MasksSettleWhatCounts) {
  BreakerOptions options;
  options.failure_mask = MaskOf(Code::kNotFound);
  options.ignore_mask = MaskOf(Code::kUnavailable);
  TestBreaker breaker(options);
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(breaker.Call(Code::kUnavailable));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(breaker.Call(Code::kNotFound));
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  TestBreaker unknown;  // codes of later versions, and nonsense, are failures
  for (int32_t code : {62 + 1, 1000, -1, -2'000'000'000, 64}) {
    EXPECT_TRUE(unknown.Call(static_cast<Code>(code)));
  }
  EXPECT_EQ(unknown->state(), BreakerState::kOpen);
}

TEST(CircuitBreakerTest, FailureRateNeedsTheMinimumOfCalls) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  options.failure_rate = 0.5;
  options.minimum_calls = 10;
  options.window_calls = 20;
  TestBreaker breaker(options);
  breaker.Fail(5);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(breaker.Call());
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_TRUE(breaker.Call());  // the tenth call: half of ten failed
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST(CircuitBreakerTest, ATimeWindowForgets) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  options.failure_rate = 0.5;
  options.minimum_calls = 4;
  options.window = WindowKind::kTime;
  options.window_ns = 16 * kSecond;
  TestBreaker breaker(options);
  breaker.Fail(3);
  breaker.clock.Advance(17 * kSecond);
  breaker.Fail(3);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->Stats().window.calls, 3u);
  breaker.clock.Advance(5 * kSecond);
  breaker.Fail(1);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST(CircuitBreakerTest, SlowCallsOpenItAndFailATrial) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  options.slow_rate = 0.5;
  options.slow_call_ns = kSecond;
  options.minimum_calls = 4;
  TestBreaker breaker(options);
  EXPECT_TRUE(breaker.Call(Code::kOk, kSecond));  // not slower than allowed
  EXPECT_TRUE(breaker.Call(Code::kOk, kSecond));
  EXPECT_TRUE(breaker.Call(Code::kOk, kSecond + 1));
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_TRUE(breaker.Call(Code::kOk, kSecond + 1));
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  breaker.clock.Advance(60 * kSecond);
  EXPECT_TRUE(breaker.Call(Code::kOk, 2 * kSecond));
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->Stats().slow, 3u);
}

TEST(CircuitBreakerTest, AResultOfAnEarlierGenerationIsDropped) {
  TestBreaker breaker;
  BreakerPermit early = breaker->Acquire().permit;
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  EXPECT_TRUE(breaker.Call());
  breaker->Record(early, Code::kUnavailable);  // would open it again if it were a trial
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  EXPECT_TRUE(breaker.Call());
  breaker->Record(early, Code::kOk);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  EXPECT_EQ(breaker->Stats().late, 2u);
}

TEST(CircuitBreakerTest, ALostTrialIsReclaimedAndItsResultDropped) {
  BreakerOptions options;
  options.half_open_trials = 1;
  options.trial_lease_ns = 5 * kSecond;
  TestBreaker breaker(options);
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  BreakerPermit lost = breaker->Acquire().permit;
  breaker.clock.Advance(2 * kSecond);
  EXPECT_EQ(breaker->Acquire().retry_after_ns, 3 * kSecond);
  breaker.clock.Advance(3 * kSecond);
  BreakerAdmission next = breaker->Acquire();
  EXPECT_TRUE(next.admitted);
  breaker->Record(lost, Code::kUnavailable);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  breaker->Record(next.permit, Code::kOk);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->Stats().lost_trials, 1u);
}

TEST(CircuitBreakerTest, TrialsThatNeverComeBackOpenItAgain) {
  BreakerOptions options;
  options.half_open_trials = 2;
  options.trial_lease_ns = 10 * kSecond;
  options.half_open_ns = 25 * kSecond;
  TestBreaker breaker(options);
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  int admitted = 0;
  for (int second = 0; second < 40; ++second) {
    for (int i = 0; i < 5; ++i) admitted += breaker->Acquire().admitted ? 1 : 0;
    breaker.clock.Advance(kSecond);
  }
  EXPECT_EQ(admitted, 6);  // two at 0, 10 and 20 seconds
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST(CircuitBreakerTest, WaitingForTrafficDoesNotOpenItAgain) {
  TestBreaker breaker;
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  EXPECT_TRUE(breaker.Call());
  breaker.clock.Advance(100'000 * kSecond);
  EXPECT_TRUE(breaker.Call());
  EXPECT_TRUE(breaker.Call());
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST(CircuitBreakerTest, AReleasedOrIgnoredTrialGivesItsPlaceBack) {
  TestBreaker breaker;
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  for (int i = 0; i < 50; ++i) {
    BreakerAdmission admission = breaker->Acquire();
    ASSERT_TRUE(admission.admitted) << i;
    if (i % 2 == 0) {
      breaker->Release(admission.permit);
    } else {
      breaker->Record(admission.permit, Code::kCancelled);
    }
    breaker->Record(admission.permit, Code::kOk);  // used up: of no use a second time
  }
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  EXPECT_EQ(breaker->Stats().late, 50u);
}

TEST(CircuitBreakerTest, ForcedStatesHoldUntilReset) {
  TestBreaker breaker;
  breaker->ForceOpen();
  breaker.clock.Advance(1'000'000 * kSecond);
  BreakerAdmission refused = breaker->Acquire();
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after_ns, -1);
  EXPECT_THAT(std::string(breaker->Refusal(refused).message()), HasSubstr("forced open"));
  breaker->ForceClosed();
  breaker.Fail(100);
  EXPECT_EQ(breaker->state(), BreakerState::kForcedClosed);
  EXPECT_EQ(breaker->Stats().failures, 100u);
  breaker->Disable();
  breaker.Fail(100);
  EXPECT_EQ(breaker->state(), BreakerState::kDisabled);
  EXPECT_EQ(breaker->Stats().failures, 100u);
  breaker->Reset();
  breaker.Fail(5);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  breaker->Reset();
  EXPECT_TRUE(breaker.Call());
  EXPECT_EQ(breaker->Stats().entered[static_cast<size_t>(BreakerState::kClosed)], 2u);
}

TEST(CircuitBreakerTest, AClockSetBackDoesNotKeepItOpen) {
  TestBreaker breaker;
  breaker.Fail(5);
  breaker.clock.Set(5 * kSecond);
  EXPECT_TRUE(breaker.Call());
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  BreakerPermit lost = breaker->Acquire().permit;
  EXPECT_TRUE(breaker->Acquire().admitted);
  EXPECT_FALSE(breaker->Acquire().admitted);
  breaker.clock.Set(0);
  EXPECT_TRUE(breaker->Acquire().admitted);
  breaker->Record(lost, Code::kOk);
}

TEST(CircuitBreakerTest, TimesAtTheEndOfTheRangeDoNotOverflow) {
  BreakerOptions options;
  options.open_ns = INT64_MAX;
  options.max_open_ns = INT64_MAX;
  options.trial_lease_ns = INT64_MAX;
  options.half_open_ns = INT64_MAX;
  TestBreaker breaker(options);
  breaker.clock.Set(INT64_MAX - 10);
  breaker.Fail(5);
  EXPECT_FALSE(breaker->Acquire().admitted);
}

TEST(CircuitBreakerTest, ListenersHearEveryChangeInOrderAndMayCallTheBreaker) {
  TestBreaker breaker;
  std::vector<std::string> heard;
  breaker->AddListener([&](const BreakerEvent& event) {
    heard.push_back(std::string(BreakerStateName(event.from)) + " to " +
                    std::string(BreakerStateName(event.to)) + ": " + std::string(event.reason));
    if (event.to == BreakerState::kForcedOpen) breaker->Reset();
    EXPECT_EQ(breaker->Stats().state, breaker->state());  // takes the lock
  });
  breaker.Fail(5);
  breaker.clock.Advance(60 * kSecond);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(breaker.Call());
  breaker->ForceOpen();
  EXPECT_THAT(
      heard,
      ElementsAre("closed to open: consecutive failures", "open to half_open: open time over",
                  "half_open to closed: trials succeeded", "closed to forced_open: forced open",
                  "forced_open to closed: reset"));
}

TEST(CircuitBreakerTest, EveryStateHasAName) {
  EXPECT_EQ(BreakerStateName(BreakerState::kForcedClosed), "forced_closed");
  EXPECT_EQ(BreakerStateName(static_cast<BreakerState>(200)), "unknown");
}

}  // namespace
}  // namespace cairn::resilience
