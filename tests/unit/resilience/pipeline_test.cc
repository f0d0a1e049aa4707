#include "resilience/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

using ::testing::HasSubstr;

/// Moves the clock instead of waiting.
class ClockSleeper final : public Sleeper {
 public:
  explicit ClockSleeper(ManualClock* clock) : clock_(clock) {}
  Status Sleep(int64_t ns) override {
    clock_->Advance(ns);
    return OkStatus();
  }

 private:
  ManualClock* const clock_;
};

template <typename T>
std::shared_ptr<T> Shared(Result<std::unique_ptr<T>> made) {
  EXPECT_TRUE(made.ok()) << made.status().message();
  return std::shared_ptr<T>(std::move(made).value());
}

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    RetryOptions retry;
    retry.jitter = Jitter::kNone;
    retry.base_ns = kSecond;
    BreakerOptions breaker;
    breaker.name = "target";
    parts_.name = "calls";
    parts_.limiter = [this](int64_t, int64_t* retry_after_ns) {
      ++asked_;
      if (!limited_) return OkStatus();
      *retry_after_ns = kSecond;
      return Error(Code::kRateLimited, "slow down");
    };
    parts_.timeout_ns = 10 * kSecond;
    parts_.retry = Shared(Retry::Create(retry, nullptr, &clock_, &sleeper_, NoJitter()));
    parts_.bulkhead = Shared(Bulkhead::Create({"target", 1, 0, kSecond}, &clock_));
    parts_.breaker = Shared(CircuitBreaker::Create(breaker, &clock_, NoJitter()));
  }

  Status Run(std::vector<Code> codes, Deadline deadline = {}) {
    auto pipeline = Shared(Pipeline::Create(parts_, &clock_));
    return pipeline->Run(deadline, [&](Attempt& attempt) -> Status {
      attempts_ = attempt.number;
      deadline_ = attempt.deadline;
      if (attempt.number > codes.size()) return OkStatus();
      return Error(codes[attempt.number - 1], "no answer");
    });
  }

  ManualClock clock_{1'000 * kSecond};
  ClockSleeper sleeper_{&clock_};
  PipelineParts parts_;
  bool limited_ = false;
  int asked_ = 0;
  uint32_t attempts_ = 0;
  Deadline deadline_;
};

TEST_F(PipelineTest, APipelineWithoutPartsIsRefused) {
  EXPECT_THAT(std::string(Pipeline::Create({}).status().message()), HasSubstr("no part is set"));
  PipelineParts parts;
  parts.timeout_ns = -1;
  EXPECT_THAT(std::string(Pipeline::Create(parts).status().message()), HasSubstr("timeout_ns"));
}

TEST_F(PipelineTest, TheLimiterIsAskedOnceForACallAndItsRefusalIsFinal) {
  EXPECT_TRUE(Run({Code::kUnavailable, Code::kUnavailable}).ok());
  EXPECT_EQ(attempts_, 3u);
  EXPECT_EQ(asked_, 1);
  limited_ = true;
  attempts_ = 0;
  EXPECT_EQ(Run({}).code(), Code::kRateLimited);
  EXPECT_EQ(attempts_, 0u);
}

TEST_F(PipelineTest, TheDeadlineIsPassedDownAndEndsTheAttempts) {
  EXPECT_TRUE(Run({}).ok());
  EXPECT_EQ(deadline_.at_ns(), 1'010 * kSecond);
  EXPECT_TRUE(Run({}, Deadline(1'001 * kSecond)).ok());
  EXPECT_EQ(deadline_.at_ns(), 1'001 * kSecond);
  EXPECT_EQ(Run({Code::kUnavailable}, Deadline(1'001 * kSecond)).code(), Code::kUnavailable);
  EXPECT_EQ(attempts_, 1u);
  attempts_ = 0;
  EXPECT_EQ(Run({}, Deadline(1)).code(), Code::kTimedOut);
  EXPECT_EQ(attempts_, 0u);
}

TEST_F(PipelineTest, EveryAttemptGoesThroughTheBreakerAndItsRefusalIsFinal) {
  EXPECT_FALSE(Run({Code::kUnavailable, Code::kUnavailable, Code::kUnavailable}).ok());
  EXPECT_EQ(parts_.breaker->Stats().failures, 3u);
  Status status = Run({Code::kUnavailable, Code::kUnavailable, Code::kUnavailable});
  EXPECT_EQ(parts_.breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(attempts_, 2u);  // the third was refused, and that was the end
  EXPECT_THAT(std::string(status.message()), HasSubstr("circuit breaker 'target' is not letting"));
  EXPECT_EQ(parts_.breaker->Stats().refused, 1u);
}

TEST_F(PipelineTest, AFullBulkheadRefusesAndAFinishedCallFreesItsPlace) {
  ASSERT_TRUE(parts_.bulkhead->TryEnter());
  EXPECT_EQ(Run({}).code(), Code::kResourceExhausted);
  EXPECT_EQ(parts_.breaker->Stats().successes, 0u);
  parts_.bulkhead->Leave();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Run({Code::kUnavailable}).ok());
  EXPECT_EQ(parts_.bulkhead->Stats().running, 0u);
}

TEST_F(PipelineTest, AWaitBetweenAttemptsHoldsNoPlace) {
  std::vector<bool> free;
  class Probe final : public Sleeper {
   public:
    Probe(Bulkhead* bulkhead, std::vector<bool>* free) : bulkhead_(bulkhead), free_(free) {}
    Status Sleep(int64_t) override {
      free_->push_back(bulkhead_->TryEnter());
      bulkhead_->Leave();
      return OkStatus();
    }

   private:
    Bulkhead* bulkhead_;
    std::vector<bool>* free_;
  } probe(parts_.bulkhead.get(), &free);
  RetryOptions options;
  options.jitter = Jitter::kNone;
  parts_.retry = Shared(Retry::Create(options, nullptr, &clock_, &probe, NoJitter()));
  EXPECT_TRUE(Run({Code::kUnavailable, Code::kUnavailable}).ok());
  EXPECT_EQ(free, (std::vector<bool>{true, true}));
}

TEST_F(PipelineTest, AnyPartMayBeMissing) {
  PipelineParts all = parts_;
  for (int missing = 0; missing < 32; ++missing) {
    parts_ = {};
    if ((missing & 1) == 0) parts_.limiter = all.limiter;
    if ((missing & 2) == 0) parts_.timeout_ns = all.timeout_ns;
    if ((missing & 4) == 0) parts_.retry = all.retry;
    if ((missing & 8) == 0) parts_.bulkhead = all.bulkhead;
    if ((missing & 16) == 0) parts_.breaker = all.breaker;
    if (missing == 31) continue;
    EXPECT_TRUE(Run({}).ok()) << missing;
    EXPECT_EQ(Run({Code::kUnavailable}).ok(), parts_.retry != nullptr) << missing;
    all.breaker->Reset();
  }
}

}  // namespace
}  // namespace cairn::resilience
