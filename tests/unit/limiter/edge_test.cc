// What a caller meets at the edges: refused requests, costs, peeks, waits, counts.
#include <gmock/gmock.h>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

using ::testing::HasSubstr;

Limiter::Options WithWait(std::function<void(int64_t)> wait) {
  Limiter::Options options;
  options.wait = std::move(wait);
  return options;
}

TEST(LimiterEdgeTest, ACostAboveTheBurstIsNotARefusal) {
  for (const Rule& rule : {MakeRule(Algorithm::kGcra, 100, kSecond, 10),
                           MakeRule(Algorithm::kFixedWindow, 10, kSecond),
                           MakeRule(Algorithm::kSlidingWindow, 10, kSecond)}) {
    OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 1000, kSecond), rule}));
    for (uint64_t cost : {uint64_t{11}, uint64_t{1} << 63, UINT64_MAX}) {
      const Decision decision = one.Check("k", cost);
      EXPECT_EQ(decision.outcome, Outcome::kImpossible);
      EXPECT_EQ(decision.rule_index, cost == 11 ? 1 : 0);
      EXPECT_EQ(decision.retry_after_ns, 0);
      EXPECT_EQ(one.Peek("k", cost).outcome, Outcome::kImpossible);
    }
    EXPECT_TRUE(one.Check("k", 10).allowed()) << "nothing was consumed";
  }
}

TEST(LimiterEdgeTest, ThePairedPathKnowsImpossibleCostsToo) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 100, kSecond, 10)}));
  EXPECT_TRUE(one.Check().allowed());
  EXPECT_EQ(one.Check("k", 11).outcome, Outcome::kImpossible);
  EXPECT_EQ(one.Check("k", UINT64_MAX).outcome, Outcome::kImpossible);
  EXPECT_EQ(one.Peek().remaining, 9u);
}

TEST(LimiterEdgeTest, CostZeroCountsAsOne) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 2, kSecond)}));
  EXPECT_TRUE(one.Check("k", 0).allowed());
  EXPECT_TRUE(one.Check("k", 0).allowed());
  EXPECT_FALSE(one.Check("k", 0).allowed());
}

// Mistake 11: the minute's counter was spent when the hour's limit refused.
TEST(LimiterEdgeTest, ARefusedRequestConsumesNothingOfAnyRule) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kFixedWindow, 60, kMinute),
                            MakeRule(Algorithm::kFixedWindow, 100, kHour)}));
  EXPECT_EQ(one.CheckMany(1000), 60u);
  one.clock.Advance(kMinute);
  EXPECT_EQ(one.CheckMany(1000), 40u);
  const Decision refused = one.Check();
  EXPECT_EQ(refused.rule, "fixed1");
  EXPECT_EQ(refused.retry_after_ns, kHour - kMinute);
  one.clock.Advance(kMinute);
  EXPECT_EQ(one.CheckMany(1000), 0u);
  one.clock.Advance(kHour - 2 * kMinute);
  EXPECT_EQ(one.Peek().remaining, 60u) << "the minute was never spent";
  EXPECT_EQ(one.CheckMany(1000), 60u);
}

// Mistake 12: refused requests were counted, so a busy client never recovered.
TEST(LimiterEdgeTest, AClientAtTwiceTheLimitGetsTheLimitInEveryWindow) {
  for (Algorithm algorithm : {Algorithm::kGcra, Algorithm::kFixedWindow}) {
    OnePolicy one(MakePolicy({MakeRule(algorithm, 100, kMinute)}));
    one.CheckMany(100);
    one.clock.Advance(kMinute);
    for (int window = 0; window < 50; ++window) {
      uint64_t passed = 0;
      for (int i = 0; i < 200; ++i) {
        passed += one.Check().allowed() ? 1 : 0;
        one.clock.Advance(kMinute / 200);
      }
      EXPECT_GE(passed, 100u) << AlgorithmName(algorithm) << " window " << window;
      EXPECT_LE(passed, window == 0 ? 200u : 101u);
    }
  }
}

TEST(LimiterEdgeTest, PeekChangesNothingAndTellsWhatIsThere) {
  for (Algorithm algorithm : {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow,
                              Algorithm::kConcurrency}) {
    OnePolicy one(MakePolicy({MakeRule(algorithm, 5, kSecond)}));
    EXPECT_EQ(one.Peek().remaining, 5u);
    EXPECT_EQ(one.Peek().reset_after_ns, 0);
    EXPECT_EQ(one.CheckMany(2), 2u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(one.Peek().remaining, 3u);
    EXPECT_TRUE(one.Peek().allowed());
    EXPECT_EQ(one.CheckMany(9), 3u);
    const Decision refused = one.Peek();
    EXPECT_EQ(refused.outcome, Outcome::kRefused);
    EXPECT_EQ(refused.limit, 5u);
    EXPECT_GE(refused.reset_after_ns, refused.retry_after_ns);
  }
}

TEST(LimiterEdgeTest, AllowedTellsTheRuleWithTheSmallestShareLeft) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kFixedWindow, 1000, kHour),
                            MakeRule(Algorithm::kFixedWindow, 10, kSecond)}));
  EXPECT_EQ(one.Check().rule, "fixed1");
  for (int i = 0; i < 50; ++i) {
    one.clock.Advance(kSecond);
    one.CheckMany(10);
  }
  one.clock.Advance(kSecond);
  EXPECT_EQ(one.Check().rule, "fixed0");
}

TEST(LimiterEdgeTest, RefundNeverGivesMoreThanTheLimit) {
  for (Algorithm algorithm :
       {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow}) {
    OnePolicy one(MakePolicy({MakeRule(algorithm, 5, kSecond)}));
    const auto refund = [&](uint64_t cost) {
      one.limiter->Refund(one.id, one.Of("k"), cost, one.clock.MonotonicNs());
    };
    refund(3);
    EXPECT_EQ(one.CheckMany(9), 5u);
    refund(2);
    EXPECT_EQ(one.CheckMany(9), 2u);
    refund(UINT64_MAX);
    EXPECT_EQ(one.CheckMany(9), 5u);
    one.clock.Advance(3 * kSecond);
    refund(5);
    EXPECT_EQ(one.CheckMany(9), 5u);
  }
}

TEST(LimiterEdgeTest, ResetForgetsOneKeyOrAll) {
  for (const Policy& policy : {MakePolicy({MakeRule(Algorithm::kGcra, 3, kDay)}),
                               MakePolicy({MakeRule(Algorithm::kSlidingWindow, 3, kDay)})}) {
    OnePolicy one(policy);
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(one.CheckMany(9, key), 3u);
    one.limiter->Reset(one.id, one.Of("a"));
    one.limiter->Reset(one.id, one.Of("never seen"));
    EXPECT_EQ(one.CheckMany(9, "a"), 3u);
    EXPECT_EQ(one.CheckMany(9, "b"), 0u);
    one.limiter->ResetAll(one.id);
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(one.CheckMany(9, key), 3u);
  }
}

TEST(LimiterEdgeTest, CleanupCountsKeysThatAreNotFull) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 10, 10 * kSecond)}));
  for (int i = 0; i < 5000; ++i) one.Check(std::to_string(i));
  one.clock.Advance(kSecond / 2);
  for (int i = 0; i < 10; ++i) one.Check("late" + std::to_string(i));
  const uint64_t before = one.limiter->StatsOf(one.id).memory_bytes;
  EXPECT_EQ(one.limiter->Cleanup(one.id, one.clock.MonotonicNs()), 5010u);
  one.clock.Advance(kSecond - 1);
  EXPECT_EQ(one.limiter->Cleanup(one.id, one.clock.MonotonicNs()), 10u);
  one.clock.Advance(kSecond);
  EXPECT_EQ(one.limiter->Cleanup(one.id, one.clock.MonotonicNs()), 0u);
  EXPECT_LT(one.limiter->StatsOf(one.id).memory_bytes, before / 2);
  EXPECT_EQ(one.CheckMany(20), 10u);
}

TEST(LimiterEdgeTest, BatchesDecideLikeSingleCalls) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 3, kSecond)}));
  std::vector<Key> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(one.Of(std::to_string(i % 20)));
  std::vector<Decision> decisions(keys.size());
  const int64_t now = one.clock.MonotonicNs();
  one.limiter->CheckBatch(one.id, keys, {}, now, decisions);
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(decisions[i].allowed(), i < 60) << i;
  std::vector<uint64_t> costs(keys.size(), 4);
  one.limiter->CheckBatch(one.id, keys, costs, now, decisions);
  for (const Decision& decision : decisions) EXPECT_EQ(decision.outcome, Outcome::kImpossible);
}

TEST(LimiterEdgeTest, AcquireWaitsAsLongAsItMust) {
  OnePolicy* self = nullptr;
  std::vector<int64_t> waits;
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 10, kSecond, 1)}), WithWait([&](int64_t ns) {
                  waits.push_back(ns);
                  self->clock.Advance(ns);
                }));
  self = &one;
  EXPECT_TRUE(one.limiter->Acquire(one.id, one.Of("k"), 1, 0).allowed());
  EXPECT_FALSE(one.limiter->Acquire(one.id, one.Of("k"), 1, 0).allowed());
  EXPECT_FALSE(one.limiter->Acquire(one.id, one.Of("k"), 1, 99 * kMs).allowed());
  EXPECT_TRUE(waits.empty()) << "waited although it could not help";
  EXPECT_TRUE(one.limiter->Acquire(one.id, one.Of("k"), 1, 101 * kMs).allowed());
  EXPECT_EQ(waits.size(), 1u);
  EXPECT_EQ(one.limiter->Acquire(one.id, one.Of("k"), 2, kDay).outcome, Outcome::kImpossible);
}

TEST(LimiterEdgeTest, AcquireGivesUpOnPermitsWhenTheTimeIsOver) {
  OnePolicy* self = nullptr;
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kConcurrency, 1, kHour)}),
                WithWait([&](int64_t ns) { self->clock.Advance(ns); }));
  self = &one;
  const Decision first = one.limiter->Acquire(one.id, one.Of("k"), 1, kSecond);
  ASSERT_TRUE(first.allowed());
  const int64_t before = one.clock.MonotonicNs();
  EXPECT_FALSE(one.limiter->Acquire(one.id, one.Of("k"), 1, kSecond).allowed());
  EXPECT_EQ(one.clock.MonotonicNs() - before, kSecond);
  one.limiter->Release(one.id, one.Of("k"), first.permit, one.clock.MonotonicNs());
  EXPECT_TRUE(one.limiter->Acquire(one.id, one.Of("k"), 1, 0).allowed());
}

TEST(LimiterEdgeTest, EveryDecisionIsCounted) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kFixedWindow, 5, kSecond),
                            MakeRule(Algorithm::kFixedWindow, 7, kHour)}));
  one.CheckMany(9);
  one.Peek();
  one.Check("k", 6);
  one.clock.Advance(kSecond);
  one.CheckMany(9);
  const Tallies::Totals totals = one.limiter->StatsOf(one.id).totals;
  EXPECT_EQ(totals.allowed, 7u);
  EXPECT_EQ(totals.refused[0], 4u);
  EXPECT_EQ(totals.refused[1], 7u);
  EXPECT_EQ(totals.impossible, 1u);
  metrics::Registry registry;
  one.limiter->ExportTo(&registry);
  const std::string text = registry.ToPrometheusText();
  EXPECT_THAT(text, HasSubstr("cairn_limiter_allowed_total{policy=\"test\"} 7"));
  EXPECT_THAT(text, HasSubstr("cairn_limiter_refused_total{policy=\"test\",rule=\"fixed1\"} 7"));
}

TEST(LimiterEdgeTest, PartsOfAKeyDoNotRunTogether) {
  const KeyHasher hasher(5);
  const auto of = [&](std::string_view a, std::string_view b) {
    const std::string_view parts[] = {a, b};
    return hasher.Of(parts).hash;
  };
  EXPECT_NE(of("ab", "c"), of("a", "bc"));
  EXPECT_NE(of("", "c"), of("c", ""));
  EXPECT_EQ(of("ab", "c"), of("ab", "c"));
  EXPECT_NE(KeyHasher(6).Of("a").hash, hasher.Of("a").hash) << "the seed matters";
}

}  // namespace
}  // namespace cairn::limiter
