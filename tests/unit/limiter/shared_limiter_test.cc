#include "limiter/shared_limiter.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

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
    uint64_t& taken = used[std::string(call.key)];
    Decision decision;
    decision.rule = rule.name;
    decision.limit = rule.limit;
    if (taken + call.cost > rule.limit) {
      decision.outcome = Outcome::kRefused;
      decision.retry_after_ns = retry_ns;
    } else {
      if (!call.peek) taken += call.cost;
      if (!call.peek && rule.algorithm == Algorithm::kConcurrency) decision.permit = ++permit;
    }
    decision.remaining = rule.limit - taken;
    return decision;
  }
  Status Refund(const Policy& /*policy*/, std::string_view key, uint64_t cost,
                int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    used[std::string(key)] -= cost;
    return OkStatus();
  }
  Status Release(const Policy& /*policy*/, std::string_view key, uint64_t given,
                 int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    EXPECT_EQ(given, permit);
    --used[std::string(key)];
    return OkStatus();
  }
  Status Reset(const Policy& /*policy*/, std::string_view key, int64_t /*timeout_ns*/) override {
    if (is_down) return Status(Code::kTimedOut, "no answer");
    used.erase(std::string(key));
    return OkStatus();
  }

  bool is_down = false;
  int64_t retry_ns = 5;
  int calls = 0;
  int64_t last_timeout_ns = 0;
  uint64_t permit = 0;
  std::map<std::string, uint64_t> used;
};

class SharedLimiterTest : public ::testing::Test {
 protected:
  static constexpr PolicyId kPolicy{0};

  void Create(OnTrouble on_trouble, uint64_t limit, Algorithm algorithm = Algorithm::kFixedWindow) {
    const Policy policy{.name = "p", .rules = {{"r", algorithm, limit, kHourNs, 0, 0}}};
    Limiter::Options local;
    local.clock = &clock_;
    auto made = Limiter::Create({&policy, 1}, local);
    CAIRN_ASSERT_OK(made);
    local_ = *std::move(made);
    auto store = std::make_unique<FakeStore>();
    store_ = store.get();
    SharedLimiter::Options options;
    options.on_trouble = on_trouble;
    options.timeout_ns = 7;
    options.wait = [this](int64_t ns) {
      pauses_.push_back(ns);
      clock_.Advance(ns);
      if (pauses_.size() == freed_after_) store_->used.clear();
    };
    limiter_ = std::make_unique<SharedLimiter>(std::move(store), local_.get(), options);
  }
  int AdmittedOf(int count) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) admitted += limiter_->Check(kPolicy, "k").allowed() ? 1 : 0;
    return admitted;
  }
  /// The store is there again, and its turn has come.
  void Recover() {
    store_->is_down = false;
    clock_.Advance(limiter_->options().max_pause_ns);
  }

  ManualClock clock_{1'000'000'000};
  std::unique_ptr<Limiter> local_;
  FakeStore* store_ = nullptr;
  std::vector<int64_t> pauses_;  ///< of waiting callers
  size_t freed_after_ = 0;       ///< pauses until the store has room again
  std::unique_ptr<SharedLimiter> limiter_;
};

TEST_F(SharedLimiterTest, OpenLetsEverythingPassAndSaysSo) {
  Create(OnTrouble::kOpen, 2);
  EXPECT_EQ(AdmittedOf(5), 2);
  EXPECT_EQ(store_->last_timeout_ns, 7);
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(5), 5);
  const Decision decision = limiter_->Check(kPolicy, "k");
  EXPECT_TRUE(decision.degraded);
  EXPECT_EQ(decision.rule, "r");
  Recover();
  EXPECT_EQ(AdmittedOf(5), 0);
  EXPECT_FALSE(limiter_->Check(kPolicy, "k").degraded);
  const Tallies::Totals totals = local_->StatsOf(kPolicy).totals;
  EXPECT_EQ(totals.degraded, 6u);
  EXPECT_EQ(totals.allowed, 8u);
}

TEST_F(SharedLimiterTest, ClosedRefusesEverythingAndSaysWhenToTryAgain) {
  Create(OnTrouble::kClosed, 2);
  store_->is_down = true;
  EXPECT_EQ(AdmittedOf(5), 0);
  const Decision decision = limiter_->Check(kPolicy, "k");
  EXPECT_TRUE(decision.degraded);
  EXPECT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_GT(decision.retry_after_ns, 0);
  Recover();
  EXPECT_EQ(AdmittedOf(5), 2);
}

TEST_F(SharedLimiterTest, LocalDecidesByItselfMeanwhile) {
  Create(OnTrouble::kLocal, 10);
  EXPECT_EQ(AdmittedOf(4), 4);
  store_->is_down = true;
  EXPECT_TRUE(limiter_->Peek(kPolicy, "k").degraded);
  EXPECT_EQ(AdmittedOf(20), 10);
  Recover();
  EXPECT_EQ(AdmittedOf(20), 6) << "the store knows of four";
}

TEST_F(SharedLimiterTest, AnOutageIsNoticedOnceAndThenCostsNothing) {
  Create(OnTrouble::kOpen, 10);
  store_->is_down = true;
  AdmittedOf(1'000);
  EXPECT_EQ(store_->calls, 1);
  EXPECT_TRUE(limiter_->is_pausing());
  clock_.Advance(limiter_->options().first_pause_ns);
  AdmittedOf(1'000);
  EXPECT_EQ(store_->calls, 2) << "one caller tries, the others do without";
  EXPECT_EQ(limiter_->failure_count(), 2u);
}

TEST_F(SharedLimiterTest, WhatCanNeverPassIsSaidWithoutAsking) {
  Create(OnTrouble::kOpen, 10);
  const Decision decision = limiter_->Check(kPolicy, "k", 11);
  EXPECT_EQ(decision.outcome, Outcome::kImpossible);
  EXPECT_EQ(decision.limit, 10u);
  EXPECT_EQ(store_->calls, 0);
  EXPECT_TRUE(limiter_->Check(kPolicy, "k", 0).allowed());
  EXPECT_EQ(limiter_->Peek(kPolicy, "k").remaining, 9u);
}

TEST_F(SharedLimiterTest, ABatchKeepsItsOrder) {
  Create(OnTrouble::kClosed, 3);
  const std::vector<std::string_view> keys = {"a", "a", "b", "a"};
  const std::vector<uint64_t> costs = {2, 9, 3, 2};
  std::vector<Decision> decisions(4);
  limiter_->CheckBatch(kPolicy, keys, costs, decisions);
  EXPECT_EQ(decisions[0].outcome, Outcome::kAllowed);
  EXPECT_EQ(decisions[1].outcome, Outcome::kImpossible);
  EXPECT_EQ(decisions[2].outcome, Outcome::kAllowed);
  EXPECT_EQ(decisions[3].outcome, Outcome::kRefused);
  store_->is_down = true;
  limiter_->CheckBatch(kPolicy, keys, {}, decisions);
  for (const Decision& decision : decisions) {
    EXPECT_TRUE(decision.degraded);
    EXPECT_FALSE(decision.allowed());
  }
}

TEST_F(SharedLimiterTest, APermitGoesBackToWhereItCameFrom) {
  Create(OnTrouble::kLocal, 1, Algorithm::kConcurrency);
  const Decision from_store = limiter_->Check(kPolicy, "k");
  EXPECT_FALSE(limiter_->Check(kPolicy, "k").allowed());
  store_->is_down = true;
  const Decision local = limiter_->Check(kPolicy, "k");
  EXPECT_TRUE(local.allowed());
  EXPECT_FALSE(limiter_->Check(kPolicy, "k").allowed());
  CAIRN_EXPECT_OK(limiter_->Release(kPolicy, "k", local));
  EXPECT_TRUE(limiter_->Check(kPolicy, "k").allowed());
  EXPECT_FALSE(limiter_->Release(kPolicy, "k", from_store).ok());
  Recover();
  CAIRN_EXPECT_OK(limiter_->Release(kPolicy, "k", from_store));
  EXPECT_TRUE(limiter_->Check(kPolicy, "k").allowed());
  CAIRN_EXPECT_OK(limiter_->Release(kPolicy, "k", Decision()));
}

TEST_F(SharedLimiterTest, RefundGoesToWhoDecided) {
  Create(OnTrouble::kLocal, 1);
  const Decision by_store = limiter_->Check(kPolicy, "k");
  CAIRN_EXPECT_OK(limiter_->Refund(kPolicy, "k", 1, by_store));
  EXPECT_EQ(AdmittedOf(3), 1);
  store_->is_down = true;
  const Decision by_local = limiter_->Check(kPolicy, "k");
  EXPECT_TRUE(by_local.allowed());
  CAIRN_EXPECT_OK(limiter_->Refund(kPolicy, "k", 1, by_local));
  EXPECT_EQ(AdmittedOf(3), 1);
  Recover();
  EXPECT_EQ(AdmittedOf(3), 0) << "what the store knows has not changed";
  CAIRN_EXPECT_OK(limiter_->Reset(kPolicy, "k"));
  EXPECT_EQ(AdmittedOf(3), 1);
}

TEST_F(SharedLimiterTest, AcquireWaitsAsLongAsTheStoreSays) {
  Create(OnTrouble::kClosed, 1);
  EXPECT_TRUE(limiter_->Acquire(kPolicy, "k", 1, 100).allowed());
  EXPECT_FALSE(limiter_->Acquire(kPolicy, "k", 1, 4).allowed()) << "the store said 5";
  EXPECT_TRUE(pauses_.empty()) << "waiting would not help";
  EXPECT_EQ(limiter_->Acquire(kPolicy, "k", 2, 100).outcome, Outcome::kImpossible);
  freed_after_ = 3;
  EXPECT_TRUE(limiter_->Acquire(kPolicy, "k", 1, 100).allowed());
  EXPECT_EQ(pauses_, std::vector<int64_t>(3, 5));
  freed_after_ = 0;
  EXPECT_FALSE(limiter_->Acquire(kPolicy, "k", 1, 12).allowed());
  EXPECT_EQ(pauses_.size(), 5u) << "two of 5 ns; another would be too long";
}

TEST_F(SharedLimiterTest, AcquireLooksForPermitsBeforeTheirLeaseEnds) {
  Create(OnTrouble::kClosed, 1, Algorithm::kConcurrency);
  store_->retry_ns = kHourNs;
  EXPECT_TRUE(limiter_->Acquire(kPolicy, "k", 1, 0).allowed());
  freed_after_ = 2;
  EXPECT_TRUE(limiter_->Acquire(kPolicy, "k", 1, kHourNs / 2).allowed());
  EXPECT_EQ(pauses_, std::vector<int64_t>(2, SharedLimiter::kPermitPauseNs));
}

}  // namespace
}  // namespace cairn::limiter
