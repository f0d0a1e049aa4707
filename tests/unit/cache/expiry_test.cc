#include <set>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

using ExpiryTest = CacheFixture;

SetOptions Ttl(int64_t ttl_ns) {
  SetOptions options;
  options.ttl_ns = ttl_ns;
  return options;
}

TEST_F(ExpiryTest, IsEnforcedOnReadToTheNanosecond) {
  Set("a", "1", Ttl(kSecond));
  clock_.Advance(kSecond - 1);
  EXPECT_EQ(Get("a"), "1");
  clock_.Advance(1);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_FALSE(cache().Contains(space(), "a"));
}

TEST_F(ExpiryTest, SettingAgainBeginsAnew) {
  Set("a", "1", Ttl(kSecond));
  clock_.Advance(kSecond / 2);
  Set("a", "2");
  clock_.Advance(kSecond * 1000);
  EXPECT_EQ(Get("a"), "2");
}

TEST_F(ExpiryTest, DefaultsOfCacheAndNamespace) {
  options_.default_ttl_ns = 10 * kSecond;
  Space* brief = Open("brief", {.default_ttl_ns = kSecond});
  Set("a", "1");
  Set("a", "1", {}, brief);
  Set("b", "1", Ttl(SetOptions::kForEver));
  clock_.Advance(2 * kSecond);
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("a", brief), "-");
  clock_.Advance(9 * kSecond);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(Get("b"), "1");
}

TEST_F(ExpiryTest, ReadingProlongsAnIdleTime) {
  SetOptions idle;
  idle.idle_ttl_ns = kSecond;
  idle.ttl_ns = 3 * kSecond;
  Set("a", "1", idle);
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(kSecond / 2);
    EXPECT_EQ(Get("a"), "1");
  }
  clock_.Advance(kSecond / 2);
  EXPECT_EQ(Get("a"), "-") << "the time to live bounds it";
  Set("b", "1", idle);
  clock_.Advance(kSecond);
  EXPECT_EQ(Get("b"), "-");
}

TEST_F(ExpiryTest, AStaleValueIsForThoseWhoAsk) {
  SetOptions options = Ttl(kSecond);
  options.stale_ns = kSecond;
  Set("a", "1", options);
  clock_.Advance(kSecond);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(cache().entries(), 1u);
  clock_.Advance(2 * kSecond);
  while (cache().Maintain()) {
  }
  EXPECT_EQ(cache().entries(), 0u);
}

TEST_F(ExpiryTest, TheWheelGivesTheMemoryBackBitByBit) {
  options_.max_entries = 10'000;
  options_.shard_count = 1;
  for (int i = 0; i < 1000; ++i) Set(std::to_string(i), "x", Ttl(kSecond));
  clock_.Advance(10 * kSecond);
  Set("one more", "x");
  EXPECT_LE(cache().entries(), 1000u - 32) << "every write expires some";
  EXPECT_GE(cache().entries(), 1000u - 100) << "but not too many at once";
  while (cache().Maintain()) {
  }
  EXPECT_EQ(cache().entries(), 1u);
  EXPECT_EQ(cache().Stats(space()).removed[3], 1000u);
}

TEST_F(ExpiryTest, JitterSpreadsTheEnds) {
  options_.ttl_jitter = 0.1;
  for (int i = 0; i < 100; ++i) Set(std::to_string(i), "x", Ttl(1000 * kSecond));
  clock_.Advance(899 * kSecond);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Get(std::to_string(i)), "x");
  clock_.Advance(50 * kSecond);
  int alive = 0;
  for (int i = 0; i < 100; ++i) alive += Get(std::to_string(i)) == "x" ? 1 : 0;
  EXPECT_GT(alive, 20);
  EXPECT_LT(alive, 80);
  clock_.Advance(52 * kSecond);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Get(std::to_string(i)), "-");
}

TEST_F(ExpiryTest, ALongTtlDoesNotOverflow) {
  Set("a", "1", Ttl(INT64_MAX));
  clock_.Advance(INT64_MAX / 2);
  EXPECT_EQ(Get("a"), "1");
}

}  // namespace
}  // namespace cairn::cache
