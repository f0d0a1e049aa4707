// A limiter whose store comes and goes.
#include "limiter/shared_limiter.h"

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

/// A store that counts calls, and fails while it is down.
class FakeStore final : public Store {
 public:
  explicit FakeStore(Limiter* shared) : shared_(shared) {}

  Result<Decision> Decide(const StoreCall& call, int64_t) override {
    ++calls;
    if (down) return Error(Code::kUnavailable, "down");
    const Key key = shared_->hasher().Of(call.key);
    return call.peek ? shared_->Peek(PolicyId{0}, key, call.cost)
                     : shared_->Check(PolicyId{0}, key, call.cost);
  }
  Status Refund(const Policy&, std::string_view key, uint64_t cost, int64_t) override {
    ++calls;
    shared_->Refund(PolicyId{0}, shared_->hasher().Of(key), cost, shared_->clock().MonotonicNs());
    return down ? Error(Code::kUnavailable, "down") : OkStatus();
  }
  Status Release(const Policy&, std::string_view key, uint64_t permit, int64_t) override {
    ++calls;
    shared_->Release(PolicyId{0}, shared_->hasher().Of(key), permit,
                     shared_->clock().MonotonicNs());
    return OkStatus();
  }
  Status Reset(const Policy&, std::string_view key, int64_t) override {
    ++calls;
    shared_->Reset(PolicyId{0}, shared_->hasher().Of(key));
    return OkStatus();
  }

  bool down = false;
  int calls = 0;

 private:
  Limiter* const shared_;
};

class SharedTest : public ::testing::TestWithParam<OnTrouble> {
 protected:
  explicit SharedTest(const Rule& rule = MakeRule(Algorithm::kFixedWindow, 5, kHour))
      : there_(MakePolicy({rule})), here_(MakePolicy({rule})) {
    auto store = std::make_unique<FakeStore>(there_.limiter.get());
    store_ = store.get();
    SharedLimiter::Options options;
    options.on_trouble = GetParam();
    shared_ = std::make_unique<SharedLimiter>(std::move(store), here_.limiter.get(), options);
  }
  Decision Check(uint64_t cost = 1) { return shared_->Check(here_.id, "k", cost); }

  OnePolicy there_;
  OnePolicy here_;
  FakeStore* store_;
  std::unique_ptr<SharedLimiter> shared_;
};

TEST_P(SharedTest, TheStoreDecidesWhileItAnswers) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Check().allowed());
  const Decision refused = Check();
  EXPECT_EQ(refused.outcome, Outcome::kRefused);
  EXPECT_EQ(refused.rule, "fixed0");
  EXPECT_FALSE(refused.degraded);
  EXPECT_EQ(shared_->Peek(here_.id, "k").remaining, 0u);
  EXPECT_EQ(here_.Peek().remaining, 5u) << "the local limiter was charged";
  ASSERT_TRUE(shared_->Refund(here_.id, "k", 2, refused).ok());
  EXPECT_TRUE(Check(2).allowed());
  ASSERT_TRUE(shared_->Reset(here_.id, "k").ok());
  EXPECT_TRUE(Check(5).allowed());
  EXPECT_EQ(here_.limiter->StatsOf(here_.id).totals.allowed, 7u);
}

TEST_P(SharedTest, AnImpossibleCostAsksNobody) {
  EXPECT_EQ(Check(6).outcome, Outcome::kImpossible);
  EXPECT_EQ(store_->calls, 0);
}

TEST_P(SharedTest, TroubleDoesWhatWasChosenAndAsksSeldom) {
  store_->down = true;
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) {
    const Decision decision = Check();
    allowed += decision.allowed() ? 1 : 0;
    EXPECT_TRUE(decision.degraded);
    EXPECT_EQ(decision.retry_after_ns > 0, !decision.allowed());
  }
  EXPECT_EQ(allowed, GetParam() == OnTrouble::kOpen     ? 1000
                     : GetParam() == OnTrouble::kClosed ? 0
                                                        : 5);
  EXPECT_EQ(store_->calls, 1) << "one failure, then a pause";
  EXPECT_TRUE(shared_->is_pausing());
  const Tallies::Totals totals = here_.limiter->StatsOf(here_.id).totals;
  EXPECT_EQ(totals.degraded, 1000u);
  EXPECT_EQ(totals.allowed + totals.refused[0], 1000u);
}

TEST_P(SharedTest, PausesGrowAndEndByThemselves) {
  store_->down = true;
  for (int i = 0; i < 10'000; ++i) {
    here_.clock.Advance(kMs);
    Check();
  }
  // After 0.1, 0.3, 0.7, 1.5, 3.1, 5.1, 7.1 and 9.1 s.
  EXPECT_EQ(store_->calls, 9);
  EXPECT_EQ(shared_->failure_count(), 9u);
  store_->down = false;
  here_.clock.Advance(2 * kSecond);
  EXPECT_FALSE(Check().degraded);
  EXPECT_FALSE(Check().degraded);
  EXPECT_FALSE(shared_->is_pausing());
  store_->down = true;
  EXPECT_TRUE(Check().degraded);
  here_.clock.Advance(100 * kMs);
  store_->down = false;
  EXPECT_FALSE(Check().degraded) << "the first pause is short again";
}

TEST_P(SharedTest, BatchesFailAsAWhole) {
  const std::string_view keys[] = {"a", "b", "a"};
  const uint64_t costs[] = {1, 9, 5};
  std::vector<Decision> decisions(3);
  shared_->CheckBatch(here_.id, keys, costs, decisions);
  EXPECT_TRUE(decisions[0].allowed());
  EXPECT_EQ(decisions[1].outcome, Outcome::kImpossible);
  EXPECT_EQ(decisions[2].outcome, Outcome::kRefused);
  EXPECT_EQ(decisions[2].rule, "fixed0");
  store_->down = true;
  shared_->CheckBatch(here_.id, keys, {}, decisions);
  for (const Decision& decision : decisions) EXPECT_TRUE(decision.degraded);
}

INSTANTIATE_TEST_SUITE_P(Choices, SharedTest,
                         ::testing::Values(OnTrouble::kLocal, OnTrouble::kOpen,
                                           OnTrouble::kClosed));

class SharedPermitTest : public SharedTest {
 protected:
  SharedPermitTest() : SharedTest(MakeRule(Algorithm::kConcurrency, 1, kHour)) {}
};

TEST_P(SharedPermitTest, APermitGoesBackToWhereItCameFrom) {
  const Decision far = Check();
  EXPECT_NE(far.permit, 0u);
  EXPECT_FALSE(Check().allowed());
  store_->down = true;
  const Decision near = Check();
  EXPECT_TRUE(near.degraded);
  ASSERT_TRUE(shared_->Release(here_.id, "k", near).ok());
  EXPECT_EQ(here_.Peek().remaining, 1u);
  EXPECT_EQ(there_.Peek().remaining, 0u);
  store_->down = false;
  ASSERT_TRUE(shared_->Release(here_.id, "k", far).ok());
  EXPECT_EQ(there_.Peek().remaining, 1u);
}

INSTANTIATE_TEST_SUITE_P(Choices, SharedPermitTest,
                         ::testing::Values(OnTrouble::kLocal, OnTrouble::kOpen,
                                           OnTrouble::kClosed));

}  // namespace
}  // namespace cairn::limiter
