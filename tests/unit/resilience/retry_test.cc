#include "resilience/retry.h"

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

/// Moves the clock instead of waiting.
class FakeSleeper final : public Sleeper {
 public:
  explicit FakeSleeper(ManualClock* clock) : clock_(clock) {}
  Status Sleep(int64_t ns) override {
    waits.push_back(ns);
    if (!status.ok()) return status;
    clock_->Advance(ns);
    return OkStatus();
  }
  std::vector<int64_t> waits;
  Status status;

 private:
  ManualClock* const clock_;
};

struct TestRetry {
  explicit TestRetry(RetryOptions options = {}, Random* random = NoJitter(),
                     std::shared_ptr<RetryBudget> budget = nullptr) {
    if (options.name.empty()) options.name = "target";
    auto made = Retry::Create(std::move(options), std::move(budget), &clock, &sleeper, random);
    EXPECT_TRUE(made.ok()) << made.status().message();
    retry = std::move(made).value();
  }
  Retry* operator->() const { return retry.get(); }

  /// One call whose attempts end with the codes, and then with OK.
  Status Call(std::vector<Code> codes, Deadline deadline = {}, int64_t retry_after_ns = 0) {
    return retry->Run(deadline, [&](Attempt& attempt) -> Status {
      attempts = attempt.number;
      attempt.retry_after_ns = retry_after_ns;
      if (attempt.number > codes.size()) return OkStatus();
      return Error(codes[attempt.number - 1], "no answer");
    });
  }

  ManualClock clock{kSecond};
  FakeSleeper sleeper{&clock};
  std::unique_ptr<Retry> retry;
  uint32_t attempts = 0;
};

RetryOptions Plain() {
  RetryOptions options;
  options.jitter = Jitter::kNone;
  options.max_attempts = 10;
  return options;
}

TEST(RetryTest, AllFaultsAreListedAtOnce) {
  RetryOptions options;
  options.name = "x";
  options.max_attempts = 0;
  options.base_ns = -1;
  options.cap_ns = -2;
  options.max_retry_after_ns = -1;
  options.jitter = static_cast<Jitter>(9);
  options.retryable = MaskOf(Code::kOk);
  std::string faults(Retry::Create(options).status().message());
  EXPECT_THAT(faults, AllOf(HasSubstr("retry 'x': max_attempts is 0"), HasSubstr("base_ns is -1"),
                            HasSubstr("cap_ns (-2)"), HasSubstr("max_retry_after_ns is -1"),
                            HasSubstr("jitter is 9"), HasSubstr("the code OK")));
  options = RetryOptions();
  options.retryable = 0;
  EXPECT_THAT(std::string(Retry::Create(options).status().message()), HasSubstr("ever be tried"));
}

TEST(RetryTest, WhatIsNotRetryableFailsAtOnceAndUnchanged) {
  TestRetry retry;
  Status status = retry.Call({Code::kInvalidArgument});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.message(), "no answer");
  EXPECT_EQ(retry.attempts, 1u);
  EXPECT_TRUE(retry.sleeper.waits.empty());
}

TEST(RetryTest, GivesUpAfterTheLastAttemptAndSaysHowMany) {
  TestRetry retry;
  Status status = retry.Call({Code::kUnavailable, Code::kAborted, Code::kTimedOut});
  EXPECT_EQ(status.code(), Code::kTimedOut);
  EXPECT_EQ(status.message(), "after 3 attempts: no answer");
  EXPECT_EQ(retry->Stats().out_of_attempts, 1u);
  EXPECT_EQ(retry->Stats().retries, 2u);
}

TEST(RetryTest, SucceedsAfterFailuresThatPass) {
  TestRetry retry;
  EXPECT_TRUE(retry.Call({Code::kUnavailable, Code::kUnavailable}).ok());
  EXPECT_EQ(retry.attempts, 3u);
  EXPECT_EQ(retry->Stats().calls, 1u);
  EXPECT_EQ(retry->Stats().failures, 0u);
}

TEST(RetryTest, WaitsDoubleUpToTheCap) {
  RetryOptions options = Plain();
  options.base_ns = 100 * kMs;
  options.cap_ns = 500 * kMs;
  TestRetry retry(options);
  EXPECT_TRUE(retry.Call(std::vector<Code>(5, Code::kUnavailable)).ok());
  EXPECT_THAT(retry.sleeper.waits,
              ElementsAre(100 * kMs, 200 * kMs, 400 * kMs, 500 * kMs, 500 * kMs));
}

TEST(RetryTest, HugeWaitsDoNotOverflow) {
  RetryOptions options = Plain();
  options.max_attempts = 200;
  options.base_ns = 1;
  options.cap_ns = INT64_MAX;
  options.max_retry_after_ns = INT64_MAX;
  TestRetry retry(options);
  RetryState state;
  for (int i = 0; i < 150; ++i) {
    RetryDecision next = retry->Next(&state, Code::kUnavailable, INT64_MAX - 5, {});
    EXPECT_EQ(next.end, RetryEnd::kRetry);
    EXPECT_GE(next.wait_ns, INT64_MAX - 5);
  }
  EXPECT_EQ(retry->Next(&state, Code::kUnavailable, -7, {}).wait_ns, INT64_MAX);
}

TEST(RetryTest, FullJitterIsAnythingUpToThePlainWait) {
  RetryOptions options = Plain();
  options.jitter = Jitter::kFull;
  options.base_ns = kSecond;
  SeededRandom random(7);
  double sum = 0;
  int64_t most = 0;
  constexpr int kRounds = 2000;
  for (int i = 0; i < kRounds; ++i) {
    TestRetry retry(options, &random);
    EXPECT_TRUE(retry.Call({Code::kUnavailable, Code::kUnavailable}).ok());
    EXPECT_LE(retry.sleeper.waits[0], kSecond);
    EXPECT_LE(retry.sleeper.waits[1], 2 * kSecond);
    most = std::max(most, retry.sleeper.waits[1]);
    sum += static_cast<double>(retry.sleeper.waits[1]);
  }
  EXPECT_GT(most, 1'950 * kMs);
  EXPECT_NEAR(sum / kRounds, kSecond, 0.05 * kSecond);
}

TEST(RetryTest, DecorrelatedJitterStaysBetweenTheBaseAndThreeTimesTheLast) {
  RetryOptions options = Plain();
  options.jitter = Jitter::kDecorrelated;
  options.base_ns = 10 * kMs;
  options.cap_ns = kSecond;
  SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    TestRetry retry(options, &random);
    EXPECT_TRUE(retry.Call(std::vector<Code>(8, Code::kUnavailable)).ok());
    int64_t last = options.base_ns;
    for (int64_t wait : retry.sleeper.waits) {
      EXPECT_GE(wait, options.base_ns);
      EXPECT_LE(wait, std::min(options.cap_ns, 3 * last));
      last = wait;
    }
  }
}

TEST(RetryTest, TheServersRetryAfterIsTheLeastWait) {
  RetryOptions options = Plain();
  options.base_ns = 100 * kMs;
  options.max_retry_after_ns = 5 * kSecond;
  TestRetry retry(options);
  EXPECT_TRUE(retry.Call({Code::kRateLimited}, {}, 3 * kSecond).ok());
  EXPECT_TRUE(retry.Call({Code::kRateLimited}, {}, 3600 * kSecond).ok());
  EXPECT_TRUE(retry.Call({Code::kRateLimited}, {}, -5).ok());
  EXPECT_THAT(retry.sleeper.waits,
              ElementsAre(3 * kSecond + 100 * kMs, 5 * kSecond + 100 * kMs, 100 * kMs));
}

TEST(RetryTest, DoesNotWaitPastTheDeadline) {
  RetryOptions options = Plain();
  options.base_ns = 400 * kMs;
  TestRetry retry(options);
  Deadline deadline = Deadline::After(retry.clock.MonotonicNs(), kSecond);
  Status status = retry.Call(std::vector<Code>(9, Code::kUnavailable), deadline);
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(status.message(), "after 2 attempts, no time for another: no answer");
  EXPECT_THAT(retry.sleeper.waits, ElementsAre(400 * kMs));
  EXPECT_EQ(retry->Stats().out_of_time, 1u);
}

TEST(RetryTest, APassedDeadlineMakesNoAttempt) {
  TestRetry retry;
  EXPECT_EQ(retry.Call({}, Deadline(kSecond)).code(), Code::kTimedOut);
  EXPECT_EQ(retry.attempts, 0u);
}

TEST(RetryTest, AnAttemptCanSayThatItIsTheLast) {
  TestRetry retry;
  Status status = retry->Run({}, [](Attempt& attempt) {
    attempt.final = true;
    return Error(Code::kUnavailable, "gone");
  });
  EXPECT_EQ(status.message(), "gone");
  EXPECT_EQ(retry->Stats().retries, 0u);
}

TEST(RetryTest, AnInterruptedWaitEndsTheCall) {
  TestRetry retry(Plain());
  retry.sleeper.status = Error(Code::kCancelled, "stop");
  EXPECT_EQ(retry.Call({Code::kUnavailable}).code(), Code::kCancelled);
  EXPECT_EQ(retry.attempts, 1u);
}

TEST(RetryTest, TheMaskSettlesWhatIsTriedAgain) {
  RetryOptions options = Plain();
  options.retryable = MaskOf(Code::kNotFound);
  TestRetry retry(options);
  EXPECT_EQ(retry.Call({Code::kUnavailable}).code(), Code::kUnavailable);
  EXPECT_TRUE(retry.Call({Code::kNotFound}).ok());
}

TEST(RetryBudgetTest, AllFaultsAreListedAtOnce) {
  RetryBudgetOptions options;
  options.retries_per_call = -1;
  options.retries_per_sec = std::numeric_limits<double>::infinity();
  options.max_retries = 0;
  std::string faults(RetryBudget::Create(options).status().message());
  EXPECT_THAT(faults, AllOf(HasSubstr("retries_per_call"), HasSubstr("retries_per_sec"),
                            HasSubstr("max_retries")));
}

std::shared_ptr<RetryBudget> Budget(double per_call, double per_sec, double most) {
  auto made = RetryBudget::Create({per_call, per_sec, most});
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

TEST(RetryBudgetTest, RetriesOfAllCallersComeOutOfOneBudget) {
  auto budget = Budget(0.5, 0, 2);
  TestRetry one({}, NoJitter(), budget);
  TestRetry other({}, NoJitter(), budget);
  EXPECT_EQ(one.Call({Code::kUnavailable, Code::kUnavailable, Code::kUnavailable}).message(),
            "after 3 attempts: no answer");
  Status refused = other.Call({Code::kUnavailable});
  EXPECT_EQ(refused.message(), "after 1 attempts, no retries left in the budget: no answer");
  EXPECT_EQ(other->Stats().out_of_budget, 1u);
  EXPECT_TRUE(one.Call({}).ok());
  EXPECT_FALSE(other.Call({Code::kUnavailable}).ok());
  EXPECT_TRUE(one.Call({}).ok());
  EXPECT_TRUE(other.Call({Code::kUnavailable}).ok());  // two successes are worth one retry
}

TEST(RetryBudgetTest, TimeFillsItWithoutDrift) {
  auto budget = Budget(0, 10, 5);
  int64_t now_ns = 0;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(budget->Withdraw(now_ns));
  EXPECT_FALSE(budget->Withdraw(now_ns));
  int granted = 0;
  for (int step = 0; step < 1'000'000; ++step) {  // 100 s in steps that are no whole thousandths
    now_ns += 100'001;
    granted += budget->Withdraw(now_ns) ? 1 : 0;
  }
  EXPECT_NEAR(granted, 1000, 1);
  EXPECT_FALSE(budget->Withdraw(now_ns - 50 * kSecond));  // a clock set back adds nothing
  EXPECT_TRUE(budget->Withdraw(now_ns + 3600 * kSecond));
  EXPECT_LE(budget->balance(), 4);  // nor does a long time more than the most
}

TEST(DeadlineTest, IsExactAtTheEdges) {
  EXPECT_FALSE(Deadline::Never().Passed(INT64_MAX));
  EXPECT_TRUE(Deadline::After(5, INT64_MAX).is_never());
  EXPECT_TRUE(Deadline::After(5, -1).Passed(5));
  EXPECT_TRUE(Deadline(7).Passed(7));
  EXPECT_EQ(Deadline(7).LeftNs(5), 2);
  EXPECT_EQ(Deadline(7).LeftNs(9), 0);
  EXPECT_EQ(Deadline(7).Earlier(Deadline(3)).at_ns(), 3);
  EXPECT_EQ(Deadline(7).Earlier({}).at_ns(), 7);
}

}  // namespace
}  // namespace cairn::resilience
