// Mistake 10: no bound on keys. Here an attacker sends as many keys as he likes.
#include <unistd.h>

#include <cstdio>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

constexpr uint64_t kFloodKeys = CAIRN_FLOOD_KEYS;
constexpr uint64_t kBudget = kFloodKeys >= 10'000'000 ? 64 << 20 : 1 << 20;

uint64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  if (file == nullptr || std::fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Case {
  Algorithm algorithm;
  Overflow overflow;
};

class FloodTest : public ::testing::TestWithParam<Case> {};

TEST_P(FloodTest, TheBudgetHoldsAndAKeyOverItsLimitStaysRefused) {
  const Case given = GetParam();
  Policy policy = MakePolicy({MakeRule(given.algorithm, 5, kHour)}, kBudget);
  policy.overflow = given.overflow;
  OnePolicy one(policy);
  const uint64_t resident_before = ResidentBytes();
  EXPECT_EQ(one.CheckMany(20, "culprit"), 5u);
  uint64_t overflowed = 0;
  uint64_t overflowed_allowed = 0;
  uint64_t most = 0;
  for (uint64_t i = 0; i < kFloodKeys; ++i) {
    one.clock.Advance(10);
    const Decision decision =
        one.limiter->Check(one.id, one.limiter->hasher().Of(i), 1, one.clock.MonotonicNs());
    overflowed += decision.overflowed ? 1 : 0;
    overflowed_allowed += decision.overflowed && decision.allowed() ? 1 : 0;
    if (!decision.overflowed) {
      ASSERT_TRUE(decision.allowed());
    }
    if (i % 10'000 != 0) continue;
    ASSERT_FALSE(one.Check("culprit").allowed()) << "forgotten after " << i;
    most = std::max(most, one.limiter->StatsOf(one.id).memory_bytes);
  }
  EXPECT_LE(most, kBudget);
  const uint64_t resident_after = ResidentBytes();
  EXPECT_LE(resident_after, resident_before + kBudget + (2 << 20));
  EXPECT_GT(overflowed, kFloodKeys / 4) << "the flood was too small to mean anything";
  if (given.overflow == Overflow::kAllow) {
    EXPECT_EQ(overflowed_allowed, overflowed);
  }
  if (given.overflow == Overflow::kDeny) {
    EXPECT_EQ(overflowed_allowed, 0u);
  }
  if (given.overflow == Overflow::kShared) {
    EXPECT_LE(overflowed_allowed, 128u * 6);
  }
  // When the hour is over all of them are as if they had never come.
  one.clock.Advance(3 * kHour);
  EXPECT_EQ(one.CheckMany(20, "culprit"), 5u);
  for (uint64_t i = 0; i < 1000; ++i) {
    EXPECT_FALSE(one.Check("late" + std::to_string(i)).overflowed);
  }
}

#if CAIRN_FLOOD_KEYS >= 10000000
INSTANTIATE_TEST_SUITE_P(Cases, FloodTest,
                         ::testing::Values(Case{Algorithm::kGcra, Overflow::kShared}));
#else
INSTANTIATE_TEST_SUITE_P(Cases, FloodTest,
                         ::testing::Values(Case{Algorithm::kGcra, Overflow::kShared},
                                           Case{Algorithm::kGcra, Overflow::kDeny},
                                           Case{Algorithm::kFixedWindow, Overflow::kAllow},
                                           Case{Algorithm::kSlidingWindow, Overflow::kShared},
                                           Case{Algorithm::kConcurrency, Overflow::kDeny}));

#endif

TEST(FloodSmallTest, TinyBudgetsHoldToo) {
  for (uint64_t budget : {4096, 5000, 10'000, 65'536, 100'000}) {
    OnePolicy one(MakePolicy(
        {MakeRule(Algorithm::kGcra, 5, kHour), MakeRule(Algorithm::kSlidingWindow, 3, kHour)},
        budget));
    EXPECT_EQ(one.CheckMany(9, "culprit"), 3u);
    for (int i = 0; i < 20'000; ++i) {
      one.Check(std::to_string(i));
      ASSERT_LE(one.limiter->StatsOf(one.id).memory_bytes, budget);
    }
    EXPECT_EQ(one.CheckMany(9, "culprit"), 0u);
  }
}

/// Keys that come and go need no more room than those that are there at one time.
TEST(FloodSmallTest, DeadKeysMakeRoomAtOnce) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 5, kSecond)}, 1 << 20));
  uint64_t overflowed = 0;
  for (int i = 0; i < 300'000; ++i) {
    one.clock.Advance(20'000);  // 10,000 keys live at one time
    overflowed += one.limiter->Check(one.id, one.limiter->hasher().Of(i)).overflowed ? 1 : 0;
  }
  EXPECT_EQ(overflowed, 0u);
  EXPECT_LE(one.limiter->StatsOf(one.id).memory_bytes, 800'000u);
}

}  // namespace
}  // namespace cairn::limiter
