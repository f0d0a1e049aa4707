#include "cache/cache.h"

#include <vector>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

using CacheTest = CacheFixture;

TEST(CacheOptions, AllFaultsAreToldAtOnce) {
  CacheOptions options;
  options.ttl_jitter = 2;
  options.shard_count = 1000;
  auto made = Cache::Create(options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().code(), Code::kInvalidArgument);
  for (const char* part : {"max_bytes", "ttl_jitter", "shard_count"}) {
    EXPECT_NE(made.status().message().find(part), std::string::npos) << made.status().message();
  }
}

TEST_F(CacheTest, RefusesWhatIsTooLargeAndForgetsTheOldValue) {
  options_.max_bytes = 1 << 20;
  Set("a", "old");
  EXPECT_EQ(cache().Set(space(), "a", std::string(900'000, 'x')).code(), Code::kResourceExhausted);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(cache().Set(space(), std::string((1 << 20) + 1, 'k'), "").code(),
            Code::kInvalidArgument);
  EXPECT_EQ(cache().Stats(space()).refused, 1u);
}

TEST_F(CacheTest, SetGetReplaceDelete) {
  EXPECT_EQ(Get("a"), "-");
  Set("a", "1");
  EXPECT_EQ(Get("a"), "1");
  Set("a", "2");
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(cache().entries(), 1u);
  EXPECT_TRUE(cache().Delete(space(), "a"));
  EXPECT_FALSE(cache().Delete(space(), "a"));
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(cache().entries(), 0u);
}

TEST_F(CacheTest, EmptyKeysAndValuesAreValues) {
  Set("", "empty key");
  Set("empty value", "");
  Set(std::string("a\0b", 3), std::string("\0", 1));
  EXPECT_EQ(Get(""), "empty key");
  EXPECT_EQ(Get("empty value"), "");
  EXPECT_EQ(Get(std::string("a\0b", 3)), std::string("\0", 1));
  EXPECT_EQ(Get("a"), "-");
}

TEST_F(CacheTest, RememberedNothingIsAHit) {
  SetOptions nothing;
  nothing.negative = true;
  Set("a", "", nothing);
  const Handle handle = cache().Get(space(), "a");
  ASSERT_TRUE(handle);
  EXPECT_TRUE(handle.negative());
  EXPECT_EQ(cache().Stats(space()).hits, 1u);
  EXPECT_EQ(cache().Stats(space()).negative_hits, 1u);
}

TEST_F(CacheTest, TheLargestKeyAndValue) {
  options_.max_entries = 0;
  options_.max_bytes = uint64_t{64} << 20;
  const std::string key(Entry::kMaxKeyBytes, 'k');
  const std::string value(20 << 20, 'v');
  Set(key, value);
  EXPECT_EQ(Get(key), value);
  EXPECT_LE(cache().bytes(), options_.max_bytes);
}

TEST_F(CacheTest, WhatIsLargerThanTheLargestIsRefused) {
  const std::string key(Entry::kMaxKeyBytes + 1, 'k');
  EXPECT_EQ(cache().Set(space(), key, "v").code(), Code::kInvalidArgument);
  // of the value only the size is looked at
  const std::string_view value(key.data(), size_t{Entry::kMaxValueBytes} + 1);
  EXPECT_EQ(cache().Set(space(), "a", value).code(), Code::kInvalidArgument);
  EXPECT_FALSE(cache().Get(space(), key));
  EXPECT_EQ(cache().entries(), 0u);
}

TEST_F(CacheTest, KeysChosenToCollideMakeNoLookupLong) {
  options_.max_entries = 10'000;
  options_.shard_count = 1;
  options_.seed = 99;
  constexpr uint64_t kSameBucket = 4095;  // of 10,000 entries in buckets of four
  std::vector<std::string> keys;
  for (uint64_t i = 0; keys.size() < 500; ++i) {
    const std::string key = "key " + std::to_string(i);
    if ((HashBytes(key, options_.seed) & kSameBucket) == 0) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    Set(key, "value of " + key);
    ASSERT_EQ(Get(key), "value of " + key);
  }
  EXPECT_LE(cache().entries(), Table::kMaxChain * Table::Bucket::kSlots);
  // Others do not suffer.
  for (int i = 0; i < 5000; ++i) Set(std::to_string(i), "x");
  EXPECT_GT(cache().entries(), 4900u);
}

TEST_F(CacheTest, NamespacesAreApart) {
  Space* one = Open("one");
  Space* two = Open("two");
  EXPECT_EQ(one, Open("one"));
  Set("a", "1", {}, one);
  Set("a", "2", {}, two);
  EXPECT_EQ(Get("a", one), "1");
  EXPECT_EQ(Get("a", two), "2");
  cache().Bump(one);
  EXPECT_EQ(Get("a", one), "-");
  EXPECT_EQ(Get("a", two), "2");
  Set("a", "3", {}, one);
  EXPECT_EQ(Get("a", one), "3");
  cache().ClearAll();
  EXPECT_EQ(Get("a", one), "-");
  EXPECT_EQ(Get("a", two), "-");
  EXPECT_EQ(cache().entries(), 0u);
}

TEST_F(CacheTest, APrefixRemovesExactlyItsKeys) {
  Space* other = Open("other");
  for (const char* key : {"user:1", "user:2", "user:", "user", "users:1", "a"}) Set(key, "x");
  Set("user:1", "x", {}, other);
  EXPECT_EQ(cache().DeletePrefix(space(), "user:"), 3u);
  for (const char* key : {"user:1", "user:2", "user:"}) EXPECT_EQ(Get(key), "-") << key;
  for (const char* key : {"user", "users:1", "a"}) EXPECT_EQ(Get(key), "x") << key;
  EXPECT_EQ(Get("user:1", other), "x");
}

TEST_F(CacheTest, AHandleKeepsItsValueWhateverHappens) {
  Set("a", "first");
  Handle handle = cache().Get(space(), "a");
  std::vector<Handle> many;  // more than a thread has slots for
  for (int i = 0; i < 20; ++i) many.push_back(cache().Get(space(), "a"));
  Set("a", "second");
  cache().Delete(space(), "a");
  for (int i = 0; i < 5000; ++i) Set(std::to_string(i), "x");
  EXPECT_EQ(handle.value(), "first");
  for (const Handle& other : many) EXPECT_EQ(other.value(), "first");
  cache_.reset();
  EXPECT_EQ(handle.value(), "first");
  many.clear();
  EXPECT_EQ(handle.value(), "first");
}

TEST_F(CacheTest, WhenHandlesHoldEverythingAValueIsRefused) {
  options_.max_entries = 0;
  options_.max_bytes = 1 << 20;
  std::vector<Handle> held;
  const std::string value(50'000, 'x');
  Status last;
  for (int i = 0; i < 100 && last.ok(); ++i) {
    last = cache().Set(space(), std::to_string(i), value);
    if (last.ok()) held.push_back(cache().Get(space(), std::to_string(i)));
    ASSERT_LE(cache().bytes(), options_.max_bytes);
  }
  EXPECT_EQ(last.code(), Code::kResourceExhausted);
  held.clear();
  Set("again", value);
  EXPECT_EQ(Get("again"), value);
}

TEST_F(CacheTest, QuotasHoldAndLeaveTheOthersAlone) {
  options_.max_entries = 0;
  options_.max_bytes = 8 << 20;
  Space* small = Open("small", {.quota_bytes = 100'000});
  Set("mine", "x");
  for (int i = 0; i < 1000; ++i) {
    Set(std::to_string(i), std::string(1000, 'x'), {}, small);
    ASSERT_LE(cache().Stats(small).bytes, 100'000u);
  }
  EXPECT_EQ(Get("999", small), std::string(1000, 'x'));
  EXPECT_GT(cache().Stats(small).entries, 50u);
  EXPECT_EQ(Get("mine"), "x");
  EXPECT_EQ(cache().Set(small, "a", std::string(100'001, 'x')).code(), Code::kResourceExhausted);
}

TEST_F(CacheTest, TheListenerIsToldEveryRemovalWithItsCause) {
  std::vector<std::string> told;
  options_.max_entries = 100;
  options_.listener = [&](const Removal& removal) {
    told.push_back(std::string(removal.space) + "/" + std::string(removal.key) + "=" +
                   std::string(removal.value) + ":" +
                   std::to_string(static_cast<int>(removal.cause)));
  };
  Space* other = Open("other");
  Set("a", "1", {}, other);
  Set("a", "2", {}, other);
  cache().Delete(other, "a");
  EXPECT_EQ(told, (std::vector<std::string>{"other/a=1:1", "other/a=2:0"}));
  SetOptions brief;
  brief.ttl_ns = kSecond;
  Set("b", "3", brief, other);
  clock_.Advance(10 * kSecond);
  cache().Maintain();
  EXPECT_EQ(told.back(), "other/b=3:3");
  for (int i = 0; i < 200; ++i) Set(std::to_string(i), "x");
  EXPECT_GE(told.size(), 103u);
  EXPECT_EQ(told.back().substr(told.back().size() - 2), ":2");
}

TEST_F(CacheTest, BatchesAndWeights) {
  const std::vector<TierWrite> writes = {{"a", "1", 0}, {"b", "2", 0}};
  EXPECT_TRUE(cache().SetBatch(space(), writes).ok());
  const std::vector<std::string_view> keys = {"a", "missing", "b"};
  std::vector<Handle> handles = cache().GetBatch(space(), keys);
  EXPECT_EQ(handles[0].value(), "1");
  EXPECT_FALSE(handles[1]);
  EXPECT_EQ(handles[2].value(), "2");
  SetOptions heavy;
  heavy.extra_bytes = 1'000'000;
  const uint64_t before = cache().bytes();
  Set("c", "3", heavy);
  EXPECT_GE(cache().bytes(), before + 1'000'000);
}

TEST_F(CacheTest, TheEntryBoundIsExact) {
  for (int i = 0; i < 5000; ++i) {
    Set(std::to_string(i), "x");
    ASSERT_LE(cache().entries(), 1000u);
  }
  EXPECT_EQ(cache().entries(), 1000u);
}

TEST_F(CacheTest, GrowsFromNothingWithinItsBytes) {
  options_.max_entries = 0;
  options_.max_bytes = 4 << 20;
  for (int i = 0; i < 100'000; ++i) {
    Set(std::to_string(i), "some value");
    ASSERT_LE(cache().bytes(), options_.max_bytes);
  }
  // 64 bytes each and what the tables take.
  EXPECT_GT(cache().entries(), 15'000u);
}

TEST_F(CacheTest, StatisticsAndMetrics) {
  auto registry = std::make_shared<metrics::Registry>();
  options_.metrics = registry;
  Set("a", "1");
  Get("a");
  Get("b");
  cache().Maintain();
  const CacheStats stats = cache().Stats();
  EXPECT_EQ(stats.total.hits, 1u);
  EXPECT_EQ(stats.total.misses, 1u);
  EXPECT_EQ(stats.total.entries, 1u);
  const std::string text = registry->ToPrometheusText();
  EXPECT_NE(text.find("cairn_cache_hits_total{cache=\"cache\",namespace=\"\"} 1"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace cairn::cache
