// Policies that change while keys are in use.
#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

Status Change(OnePolicy* one, const Policy& policy) {
  auto changed = one->limiter->SetPolicy(policy);
  return changed.ok() ? OkStatus() : std::move(changed).status();
}

class KeepsUseTest : public ::testing::TestWithParam<Algorithm> {};

TEST_P(KeepsUseTest, WhatAKeyHasUsedIsTakenFromTheNewLimit) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 100, kMinute)}));
  EXPECT_EQ(one.CheckMany(60), 60u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 1000, kMinute)})).ok());
  EXPECT_EQ(one.Peek().remaining, 940u);
  EXPECT_EQ(one.Peek("other").remaining, 1000u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 70, kMinute)})).ok());
  EXPECT_EQ(one.Peek().remaining, 10u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 50, kMinute)})).ok());
  EXPECT_EQ(one.Peek().remaining, 0u);
  EXPECT_FALSE(one.Check().allowed());
  one.clock.Advance(2 * kMinute);
  EXPECT_EQ(one.CheckMany(200), 50u);
}

TEST_P(KeepsUseTest, AnotherWindowKeepsWhatWasUsedToo) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 100, kMinute)}));
  EXPECT_EQ(one.CheckMany(60), 60u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 100, 2 * kMinute)})).ok());
  EXPECT_EQ(one.Peek().remaining, 40u);
  EXPECT_EQ(one.CheckMany(200), 40u);
  EXPECT_LE(one.Check().retry_after_ns, 2 * kMinute + 2 * kMinute / 16 + kSecond);
  one.clock.Advance(5 * kMinute);
  EXPECT_EQ(one.CheckMany(200), 100u);
}

TEST_P(KeepsUseTest, AnotherBudgetCarriesTheKeysOver) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 10, kHour)}, 1 << 20));
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(one.CheckMany(4, std::to_string(i)), 4u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 10, kHour)}, 4 << 20)).ok());
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(one.Peek(std::to_string(i)).remaining, 6u) << i;
  const Status refused = Change(&one, MakePolicy({MakeRule(GetParam(), 10, kHour)}, 4096));
  EXPECT_EQ(refused.code(), Code::kResourceExhausted) << refused.message();
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(one.CheckMany(9, std::to_string(i)), 6u) << i;
}

TEST_P(KeepsUseTest, ARuleMoreLeavesTheFirstAsItWas) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 10, kHour)}));
  EXPECT_EQ(one.CheckMany(4), 4u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 10, kHour),
                                       MakeRule(Algorithm::kFixedWindow, 7, kHour)}))
                  .ok());
  EXPECT_EQ(one.Peek().remaining, 6u);
  EXPECT_EQ(one.CheckMany(9), 6u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(GetParam(), 11, kHour)})).ok());
  EXPECT_EQ(one.CheckMany(9), 1u);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, KeepsUseTest,
                         ::testing::Values(Algorithm::kGcra, Algorithm::kFixedWindow,
                                           Algorithm::kSlidingWindow, Algorithm::kConcurrency));

TEST(PolicyChangeTest, AnotherAlgorithmBeginsAnew) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 10, kHour)}));
  EXPECT_EQ(one.CheckMany(20), 10u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(Algorithm::kSlidingWindow, 10, kHour)})).ok());
  EXPECT_EQ(one.CheckMany(20), 10u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(Algorithm::kGcra, 10, kHour)})).ok());
  EXPECT_EQ(one.CheckMany(20), 10u);
}

TEST(PolicyChangeTest, FaultsLeaveThePolicyAsItWas) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 10, kHour)}));
  EXPECT_EQ(Change(&one, MakePolicy({})).code(), Code::kInvalidArgument);
  EXPECT_EQ(one.CheckMany(20), 10u);
}

TEST(PolicyChangeTest, RatesThatAreFarApartKeepTheTimeUntilFull) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 10, 10 * kSecond)}));
  EXPECT_EQ(one.CheckMany(20), 10u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(Algorithm::kGcra, 1'000'000'000, kSecond)})).ok());
  EXPECT_EQ(one.Peek().remaining, 0u);
  one.clock.Advance(kSecond + 10);
  EXPECT_EQ(one.Peek().remaining, 1'000'000'000u);
  ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(Algorithm::kGcra, 1, kDay)})).ok());
  EXPECT_EQ(one.CheckMany(3), 1u);
  one.clock.Advance(kDay + 10);
  EXPECT_EQ(one.CheckMany(3), 1u);
}

/// Limits change at random moments; what passes in a window never exceeds the largest limit that
/// was valid in it or before, and a key that waits long enough has exactly the present one.
TEST(PolicyChangeTest, RandomChangesNeitherMintNorLockOut) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (Algorithm algorithm : {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow,
                              Algorithm::kConcurrency}) {
    uint64_t limit = 20;
    OnePolicy one(MakePolicy({MakeRule(algorithm, limit, kSecond)}));
    for (int round = 0; round < 300; ++round) {
      const uint64_t used = 1 + random() % limit;
      ASSERT_EQ(one.CheckMany(used), used);
      const uint64_t next = 1 + random() % 200;
      ASSERT_TRUE(Change(&one, MakePolicy({MakeRule(algorithm, next, kSecond)})).ok());
      const uint64_t left = next > used ? next - used : 0;
      ASSERT_EQ(one.CheckMany(300), left) << AlgorithmName(algorithm) << " round " << round;
      limit = next;
      one.clock.Advance(static_cast<int64_t>(2 * kSecond + static_cast<int64_t>(random() % kMs)));
    }
  }
}

}  // namespace
}  // namespace cairn::limiter
