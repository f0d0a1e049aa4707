#include "cache/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace cairn::cache {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
/// Length of the first level's slots.
constexpr int64_t kTick = int64_t{1} << 26;

class TimerWheelTest : public ::testing::Test {
 protected:
  ~TimerWheelTest() override {
    for (Entry* entry : made_) Entry::Free(entry);
  }
  Entry* Add(int64_t deadline_ns) {
    Entry* entry = Entry::Create(made_.size(), 0, "key", "", true);
    entry->timing()->deadline_ns = deadline_ns;
    made_.push_back(entry);
    wheel_.Add(entry);
    return entry;
  }
  std::vector<Entry*> Expired(int64_t now_ns, size_t most = 1'000'000) {
    std::vector<Entry*> expired;
    wheel_.Advance(now_ns, most, [&](Entry* entry) { expired.push_back(entry); });
    return expired;
  }
  TimerWheel wheel_{5 * kSecond};
  std::vector<Entry*> made_;
};

TEST_F(TimerWheelTest, NothingExpiresEarlyAndAllInTheEnd) {
  const uint32_t seed = 7;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::map<Entry*, int64_t> waiting;
  for (int i = 0; i < 3000; ++i) {
    const int64_t span = int64_t{1} << (20 + random() % 36);
    const auto deadline =
        5 * kSecond + static_cast<int64_t>(random() % static_cast<uint64_t>(span));
    waiting[Add(deadline)] = deadline;
  }
  int64_t now = 5 * kSecond;
  while (!waiting.empty() && now < (int64_t{1} << 58)) {
    now += now / 64 + kTick;
    for (Entry* entry : Expired(now)) {
      ASSERT_LE(waiting.at(entry), now);
      waiting.erase(entry);
    }
    for (const auto& [entry, deadline] : waiting) ASSERT_GE(deadline + now / 16 + 2 * kTick, now);
  }
  EXPECT_TRUE(waiting.empty());
}

TEST_F(TimerWheelTest, WhatIsRemovedDoesNotExpire) {
  Entry* gone = Add(6 * kSecond);
  Entry* kept = Add(6 * kSecond);
  wheel_.Remove(gone);
  wheel_.Remove(gone);  // twice is once
  EXPECT_EQ(Expired(9 * kSecond), std::vector<Entry*>{kept});
}

TEST_F(TimerWheelTest, AProlongedEntryStays) {
  Entry* entry = Add(6 * kSecond);
  entry->timing()->deadline_ns = 60 * kSecond;
  EXPECT_TRUE(Expired(10 * kSecond).empty());
  EXPECT_EQ(Expired(70 * kSecond).size(), 1u);
}

TEST_F(TimerWheelTest, ManyAtOnceTakeManyCalls) {
  for (int i = 0; i < 100; ++i) Add(6 * kSecond);
  EXPECT_EQ(Expired(10 * kSecond, 64).size(), 64u);
  EXPECT_EQ(Expired(10 * kSecond, 64).size(), 36u);
}

TEST_F(TimerWheelTest, TimeMayJump) {
  Add(6 * kSecond);
  Entry* later = Add(int64_t{1} << 60);
  EXPECT_EQ(Expired(int64_t{1} << 59).size(), 1u);
  EXPECT_EQ(Expired((int64_t{1} << 60) + (int64_t{1} << 57)), std::vector<Entry*>{later});
}

}  // namespace
}  // namespace cairn::cache
