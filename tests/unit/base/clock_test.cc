#include "base/clock.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(ManualClockTest, MovesOnlyWhenTold) {
  ManualClock clock(100);
  EXPECT_EQ(clock.MonotonicNs(), 100);
  EXPECT_EQ(clock.UnixNs(), 100);
  clock.Advance(50);
  EXPECT_EQ(clock.MonotonicNs(), 150);
  clock.Advance(-20);
  EXPECT_EQ(clock.UnixNs(), 130);
  clock.Set(7);
  EXPECT_EQ(clock.MonotonicNs(), 7);
  EXPECT_EQ(ManualClock().UnixNs(), 0);
}

TEST(SystemClockTest, IsOneMonotonicClock) {
  const Clock* clock = Clock::System();
  EXPECT_EQ(clock, Clock::System());
  int64_t last = clock->MonotonicNs();
  for (int i = 0; i < 1000; ++i) {
    int64_t now = clock->MonotonicNs();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClockTest, UnixTimeIsInNanoseconds) {
  const int64_t year_2020 = 1'577'836'800'000'000'000;
  const int64_t year_2200 = 7'258'118'400'000'000'000;
  EXPECT_GT(Clock::System()->UnixNs(), year_2020);
  EXPECT_LT(Clock::System()->UnixNs(), year_2200);
}

}  // namespace
}  // namespace cairn
