#include "limiter/shared_limiter.h"

#include <gtest/gtest.h>

#include <map>

#include "support/matchers.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;

/// A store that counts down from the limit of the first rule, or does not answer.
class FakeStore final : public Store {
 public:
  Result<Decision> Decide(const StoreCall& call, int64_t timeout_ns) override {
    ++calls;
    last_timeout_ns = timeout_ns;
    if (is_down) return Status(Code::kTimedOut, "no answer");
    const Rule& rule = call.policy->rules[0];
    uint64_t& used = used_[std::string(call.key)];
    Decision decision;
    decision.rule = rule.name;
    decision.limit = rule.limit;
    if (used + call.cost > rule.limit) {
      decision.outcome = Outcome::kRefused;
      decision.retry_after_ns = 5;
    } else {
      if (!call.peek) used += call.cost;
      if (!call.peek && rule.algorithm == Algorithm::kConcurrency) decision.permit = ++permit;
    }
    decision.remaining = rule.limit - used;
    return decision;
  }
  Status Refund(const Policy& /*policy*/, std::string_view key, uint64_t cost,
                int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    used_[std::string(key)] -= cost;
    return OkStatus();
  }
  Status Release(const Policy& /*policy*/, std::string_view key, uint64_t given,
                 int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    EXPECT_EQ(given, permit);
    --used_[std::string(key)];
    return OkStatus();
  }
  Status Reset(const Policy& /*policy*/, std::string_view key, int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    used_.erase(std::string(key));
    return OkStatus();
  }

  bool is_down = false;
  int calls = 0;
  int64_t last_timeout_ns = 0;
  uint64_t permit = 0;

 private:
  std::map<std::string, uint64_t> used_;
};

class SharedLimiterTest : public ::testing::Test {
 protected:
  void Create(OnTrouble on_trouble, uint64_t limit, uint32_t process_count = 1,
              Algorithm algorithm = Algorithm::kFixedWindow) {
    const Policy policy{.name = "p", .rules = {{"r", algorithm, limit, kHourNs, 0, 0}}};
    SharedLimiterOptions options;
    options.on_trouble = on_trouble;
    options.process_count = process_count;
    options.timeout_ns = 7;
    options.local.clock = &clock_;
    auto made = SharedLimiter::Create({&policy, 1}, store_, options);
    CAIRN_ASSERT_OK(made);
    limiter_ = *std::move(made);
    id_ = *limiter_->Find("p");
  }
  int AdmittedOf(int count) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) admitted += limiter_->Check(id_, "k").allowed() ? 1 : 0;
    return admitted;
  }

  ManualClock clock_{1'000'000'000};
  std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  std::unique_ptr<SharedLimiter> limiter_;
  PolicyId id_{};
};

TEST_F(SharedLimiterTest, AllFaultsAreListed) {
  const Policy policy{.name = "p", .rules = {}};
  SharedLimiterOptions options;
  options.timeout_ns = 0;
  options.process_count = 0;
  options.on_trouble = static_cast<OnTrouble>(9);
  const auto made = SharedLimiter::Create({&policy, 1}, nullptr, options);
  for (const char* words : {"there is no store", "no such choice", "timeout is 0",
                            "process_count is 0", "it has 0 rules"}) {
    CAIRN_EXPECT_ERROR(made, Code::kInvalidArgument, words);
  }
}

TEST_F(SharedLimiterTest, OpenLetsEverythingPassAndSaysSo) {
  Create(OnTrouble::kOpen, 2);
  EXPECT_EQ(AdmittedOf(5), 2);
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(5), 5);
  const Decision decision = limiter_->Check(id_, "k");
  EXPECT_TRUE(decision.degraded);
  EXPECT_EQ(decision.rule, "r");
  EXPECT_EQ(limiter_->stats().opened, 6u);
  store_->is_down = false;
  EXPECT_EQ(AdmittedOf(5), 0);
  EXPECT_FALSE(limiter_->Check(id_, "k").degraded);
  EXPECT_EQ(store_->last_timeout_ns, 7);
}

TEST_F(SharedLimiterTest, ClosedRefusesEverythingAndSaysWhenToTryAgain) {
  Create(OnTrouble::kClosed, 2);
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(5), 0);
  const Decision decision = limiter_->Check(id_, "k");
  EXPECT_TRUE(decision.degraded);
  EXPECT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_GT(decision.retry_after_ns, 0);
  EXPECT_EQ(limiter_->stats().closed, 6u);
  store_->is_down = false;
  EXPECT_EQ(AdmittedOf(5), 2);
}

TEST_F(SharedLimiterTest, LocalGoesOnWithWhatThisProcessHasUsed) {
  Create(OnTrouble::kLocal, 10);
  EXPECT_EQ(AdmittedOf(4), 4);
  store_->is_down = true;
  EXPECT_TRUE(limiter_->Peek(id_, "k").degraded);
  EXPECT_EQ(AdmittedOf(20), 6);
  EXPECT_EQ(limiter_->stats().by_store, 4u);
  EXPECT_EQ(limiter_->stats().local, 21u);
  store_->is_down = false;
  EXPECT_EQ(AdmittedOf(20), 6) << "the store knows of four";
}

TEST_F(SharedLimiterTest, EachProcessHasItsShare) {
  Create(OnTrouble::kLocal, 10, 4);
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(20), 2);
  EXPECT_TRUE(limiter_->Check(id_, "other", 9).allowed()) << "more than the share, less than all";
  EXPECT_FALSE(limiter_->Check(id_, "other", 1).allowed());
  Create(OnTrouble::kLocal, 2, 100);
  EXPECT_EQ(AdmittedOf(20), 1) << "a share is at least one";
}

TEST_F(SharedLimiterTest, WhatCanNeverPassIsSaidWithoutAsking) {
  Create(OnTrouble::kOpen, 10);
  const Decision decision = limiter_->Check(id_, "k", 11);
  EXPECT_EQ(decision.outcome, Outcome::kImpossible);
  EXPECT_EQ(decision.limit, 10u);
  EXPECT_EQ(store_->calls, 0);
  EXPECT_TRUE(limiter_->Check(id_, "k", 0).allowed());
  EXPECT_EQ(limiter_->Peek(id_, "k").remaining, 9u);
}

TEST_F(SharedLimiterTest, ABatchKeepsItsOrder) {
  Create(OnTrouble::kClosed, 3);
  const std::vector<std::string_view> keys = {"a", "a", "b", "a"};
  const std::vector<uint64_t> costs = {2, 9, 3, 2};
  std::vector<Decision> decisions(4);
  limiter_->CheckBatch(id_, keys, costs, decisions);
  EXPECT_EQ(decisions[0].outcome, Outcome::kAllowed);
  EXPECT_EQ(decisions[1].outcome, Outcome::kImpossible);
  EXPECT_EQ(decisions[2].outcome, Outcome::kAllowed);
  EXPECT_EQ(decisions[3].outcome, Outcome::kRefused);
  store_->is_down = true;
  limiter_->CheckBatch(id_, keys, {}, decisions);
  for (const Decision& decision : decisions) {
    EXPECT_TRUE(decision.degraded);
    EXPECT_FALSE(decision.allowed());
  }
}

TEST_F(SharedLimiterTest, APermitGoesBackToWhereItCameFrom) {
  Create(OnTrouble::kLocal, 1, 1, Algorithm::kConcurrency);
  const Decision from_store = limiter_->Check(id_, "k");
  EXPECT_FALSE(limiter_->Check(id_, "k").allowed());
  store_->is_down = true;
  const Decision local = limiter_->Check(id_, "k");
  EXPECT_TRUE(local.allowed());
  EXPECT_NE(local.permit, from_store.permit);
  EXPECT_FALSE(limiter_->Check(id_, "k").allowed());
  CAIRN_EXPECT_OK(limiter_->Release(id_, "k", local.permit));
  EXPECT_TRUE(limiter_->Check(id_, "k").allowed());
  EXPECT_FALSE(limiter_->Release(id_, "k", from_store.permit).ok());
  EXPECT_EQ(limiter_->stats().lost, 1u);
  store_->is_down = false;
  CAIRN_EXPECT_OK(limiter_->Release(id_, "k", from_store.permit));
  EXPECT_TRUE(limiter_->Check(id_, "k").allowed());
  CAIRN_EXPECT_OK(limiter_->Release(id_, "k", 0));
}

TEST_F(SharedLimiterTest, RefundAndResetReachBoth) {
  Create(OnTrouble::kLocal, 2);
  EXPECT_EQ(AdmittedOf(3), 2);
  CAIRN_EXPECT_OK(limiter_->Refund(id_, "k", 1));
  EXPECT_EQ(AdmittedOf(3), 1);
  CAIRN_EXPECT_OK(limiter_->Reset(id_, "k"));
  EXPECT_EQ(AdmittedOf(3), 2);
  CAIRN_EXPECT_OK(limiter_->Reset(id_, "k"));
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(3), 2);
  EXPECT_FALSE(limiter_->Reset(id_, "k").ok());
  EXPECT_EQ(AdmittedOf(3), 2) << "the local limiter forgot the key all the same";
}

TEST_F(SharedLimiterTest, APolicyCanBeChangedAndAdded) {
  Create(OnTrouble::kLocal, 2);
  const std::string_view rule = limiter_->Check(id_, "k").rule;
  auto same = limiter_->SetPolicy(
      {.name = "p", .rules = {{"r", Algorithm::kFixedWindow, 4, kHourNs, 0, 0}}});
  CAIRN_ASSERT_OK(same);
  EXPECT_EQ(*same, id_);
  EXPECT_EQ(rule, "r") << "names in decisions outlive the policy's change";
  EXPECT_EQ(AdmittedOf(9), 3);
  CAIRN_EXPECT_OK(
      limiter_->SetPolicy({.name = "q", .rules = {{"x", Algorithm::kGcra, 4, kHourNs, 0, 0}}}));
  CAIRN_EXPECT_OK(limiter_->Find("q"));
  CAIRN_EXPECT_ERROR(limiter_->Find("z"), Code::kNotFound, "p");
}

}  // namespace
}  // namespace cairn::limiter
