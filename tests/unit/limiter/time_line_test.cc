#include "limiter/time_line.h"

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

TEST(TimeLineTest, BeginsAtZeroWithTheFirstCall) {
  for (int64_t origin : {int64_t{0}, int64_t{-5}, kDay * 20'000, INT64_MAX - kDay}) {
    TimeLine line(kHour);
    EXPECT_EQ(line.At(origin), 0);
    EXPECT_EQ(line.At(origin + 5), 5);
    EXPECT_EQ(line.At(origin + kSecond), kSecond);
  }
}

TEST(TimeLineTest, ALateThreadGetsTheNewestTime) {
  TimeLine line(kHour);
  line.At(0);
  EXPECT_EQ(line.At(kSecond), kSecond);
  EXPECT_EQ(line.At(10), kSecond);
  EXPECT_EQ(line.At(kSecond + 3), kSecond + 3);
}

TEST(TimeLineTest, AClockThatWasSetBackGoesOnFromTheNewestTime) {
  TimeLine line(kHour);
  line.At(kDay);
  EXPECT_EQ(line.At(kDay + kMinute), kMinute);
  EXPECT_EQ(line.At(kSecond), kMinute);
  EXPECT_EQ(line.At(kSecond + TimeLine::kPatienceNs - 1), kMinute) << "not convinced yet";
  EXPECT_EQ(line.At(kSecond + TimeLine::kPatienceNs), kMinute) << "convinced";
  EXPECT_EQ(line.At(2 * kSecond + TimeLine::kPatienceNs), kMinute + kSecond);
}

TEST(TimeLineTest, LateThreadsDoNotConvinceWhileOthersAreOnTime) {
  TimeLine line(kHour);
  line.At(0);
  int64_t now = kMinute;
  for (int i = 0; i < 1000; ++i) {
    now += 2 * kMs;
    EXPECT_EQ(line.At(now), now);
    EXPECT_EQ(line.At(now - 10 * kSecond), now);
  }
}

TEST(TimeLineTest, AStepForwardIsCutAndNothingIsLostWhenTheClockComesBack) {
  TimeLine line(kHour);
  line.At(0);
  EXPECT_EQ(line.At(10 * kDay), kHour);
  EXPECT_EQ(line.At(10 * kDay + kSecond), kHour + kSecond);
  EXPECT_EQ(line.At(INT64_MAX), 2 * kHour + kSecond);
  EXPECT_EQ(line.At(5), 2 * kHour + kSecond);
  EXPECT_EQ(line.At(5 + TimeLine::kPatienceNs), 2 * kHour + kSecond);
  EXPECT_EQ(line.At(6 + TimeLine::kPatienceNs), 2 * kHour + kSecond + 1);
}

constexpr Algorithm kAlgorithms[] = {Algorithm::kGcra, Algorithm::kFixedWindow,
                                     Algorithm::kSlidingWindow, Algorithm::kConcurrency};

class ClockStepTest : public ::testing::TestWithParam<Algorithm> {};

TEST_P(ClockStepTest, AStepBackMintsNothingAndLocksNobodyOut) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 10, 10 * kSecond)}));
  EXPECT_EQ(one.CheckMany(20), 10u);
  one.clock.Advance(-kDay);
  EXPECT_EQ(one.CheckMany(20), 0u);
  uint64_t passed = 0;
  for (int i = 0; i < 22 * 100; ++i) {
    one.clock.Advance(10 * kMs);
    passed += one.Check().allowed() ? 1 : 0;
  }
  EXPECT_GE(passed, 10u) << "locked out";
  EXPECT_LE(passed, 30u) << "minted";
}

TEST_P(ClockStepTest, AStepFarForwardFillsOnceAndNoMore) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 10, 10 * kSecond)}));
  EXPECT_EQ(one.CheckMany(20), 10u);
  for (int64_t step : {1000 * kDay, int64_t{INT64_MAX / 2}}) {
    one.clock.Advance(step);
    EXPECT_EQ(one.CheckMany(20), 10u);
    EXPECT_EQ(one.CheckMany(20), 0u);
  }
}

TEST_P(ClockStepTest, AClockThatJumpsToAndFroIsNoSourceOfTokens) {
  OnePolicy one(MakePolicy({MakeRule(GetParam(), 10, 10 * kSecond)}));
  EXPECT_EQ(one.CheckMany(20), 10u);
  uint64_t passed = 0;
  for (int i = 0; i < 1000; ++i) {
    one.clock.Advance(-500 * kMs);
    passed += one.CheckMany(2);
    one.clock.Advance(500 * kMs);
    passed += one.CheckMany(2);
  }
  EXPECT_EQ(passed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, ClockStepTest, ::testing::ValuesIn(kAlgorithms));

}  // namespace
}  // namespace cairn::limiter
