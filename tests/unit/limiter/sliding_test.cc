// The strict sliding window: never more than the limit in any window, shown on recorded times.
#include <algorithm>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

struct Passed {
  int64_t time;
  uint64_t cost;
};

/// The most that passed in any closed window, by trying each that begins with a request.
uint64_t WorstWindow(const std::vector<Passed>& passed, int64_t window_ns) {
  uint64_t worst = 0;
  uint64_t sum = 0;
  size_t end = 0;
  for (size_t begin = 0; begin < passed.size(); ++begin) {
    while (end < passed.size() && passed[end].time <= passed[begin].time + window_ns) {
      sum += passed[end++].cost;
    }
    worst = std::max(worst, sum);
    sum -= passed[begin].cost;
  }
  return worst;
}

class SlidingAdversaryTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(SlidingAdversaryTest, NoScheduleGetsMoreThanTheLimitInAnyWindow) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    Rule rule = MakeRule(Algorithm::kSlidingWindow, 1 + random() % 40,
                         static_cast<int64_t>(64 + random() % 100'000));
    rule.limit = std::min(rule.limit, static_cast<uint64_t>(rule.window_ns));
    rule.slices = GetParam();
    OnePolicy one(MakePolicy({rule}));
    std::vector<Passed> passed;
    Decision last;
    for (int step = 0; step < 2000; ++step) {
      int64_t wait = 0;
      switch (random() % 5) {
        case 0:  // at the first moment that it may pass
          wait = last.retry_after_ns;
          break;
        case 1:  // just before an edge
          wait = last.reset_after_ns - static_cast<int64_t>(random() % 3);
          break;
        case 2:
          wait = static_cast<int64_t>(random() % static_cast<uint64_t>(rule.window_ns));
          break;
        default:
          break;
      }
      one.clock.Advance(std::max<int64_t>(wait, 0));
      const uint64_t cost = 1 + random() % std::min<uint64_t>(rule.limit, 5);
      last = one.Check("k", cost);
      if (last.allowed()) passed.push_back({one.clock.MonotonicNs(), cost});
    }
    ASSERT_LE(WorstWindow(passed, rule.window_ns), rule.limit) << "round " << round;
    ASSERT_GT(passed.size(), 20u);
  }
}

INSTANTIATE_TEST_SUITE_P(Slices, SlidingAdversaryTest, ::testing::Values(0, 1, 2, 8, 16, 63));

TEST(SlidingTest, RefusesNoLongerThanASliceTooLong) {
  Rule rule = MakeRule(Algorithm::kSlidingWindow, 100, 16 * kSecond);
  OnePolicy one(MakePolicy({rule}));
  EXPECT_EQ(one.CheckMany(150), 100u);
  const Decision refused = one.Check();
  EXPECT_EQ(refused.outcome, Outcome::kRefused);
  EXPECT_GE(refused.retry_after_ns, 16 * kSecond);
  EXPECT_LE(refused.retry_after_ns, 16 * kSecond + kSecond / 4);
  one.clock.Advance(refused.retry_after_ns - 1);
  EXPECT_FALSE(one.Check().allowed());
  one.clock.Advance(1);
  EXPECT_EQ(one.CheckMany(150), 100u);
}

/// How much of its limit a client gets that asks at a multiple of it.
double Share(uint64_t limit, uint32_t slices, double multiple) {
  Rule rule = MakeRule(Algorithm::kSlidingWindow, limit, kMinute);
  rule.slices = slices;
  OnePolicy one(MakePolicy({rule}));
  uint64_t passed = 0;
  constexpr uint64_t kMinutes = 100;
  const uint64_t requests = static_cast<uint64_t>(multiple * static_cast<double>(limit * kMinutes));
  for (uint64_t i = 0; i < requests; ++i) {
    passed += one.Check().allowed() ? 1 : 0;
    one.clock.Advance(static_cast<int64_t>(kMinutes * kMinute / requests));
  }
  EXPECT_LE(passed, limit * (kMinutes + 1));
  return static_cast<double>(passed) / static_cast<double>(limit * kMinutes);
}

TEST(SlidingTest, AClientAboveItsLimitLosesNoMoreThanASlice) {
  for (uint64_t limit : {1, 3, 10, 64, 100, 1000}) {
    for (double multiple : {1.0, 1.3, 2.0, 10.0}) {
      const double one_request = 1 / (multiple * static_cast<double>(limit));
      EXPECT_GE(Share(limit, 0, multiple), 64.0 / (65 + 64 * one_request)) << limit << multiple;
      EXPECT_GE(Share(limit, 8, multiple), 8.0 / (9 + 8 * one_request)) << limit << multiple;
    }
  }
}

TEST(SlidingTest, ARefundCountsFromTheOldestSlice) {
  const Rule rule = MakeRule(Algorithm::kSlidingWindow, 10, 16 * kSecond);
  OnePolicy one(MakePolicy({rule}));
  EXPECT_EQ(one.CheckMany(5), 5u);
  one.clock.Advance(8 * kSecond);
  EXPECT_EQ(one.CheckMany(9), 5u);
  one.limiter->Refund(one.id, one.Of("k"), 3, one.clock.MonotonicNs());
  EXPECT_EQ(one.CheckMany(9), 3u);
  one.clock.Advance(9 * kSecond);
  EXPECT_EQ(one.Peek().remaining, 2u) << "eight count in the second slice";
  one.limiter->Refund(one.id, one.Of("k"), 100, one.clock.MonotonicNs());
  EXPECT_EQ(one.Peek().remaining, 10u);
}

}  // namespace
}  // namespace cairn::limiter
