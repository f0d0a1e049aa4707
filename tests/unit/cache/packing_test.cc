#include "cache/packing.h"

#include <random>

#include "cache_fixture.h"
#include "fake_tier.h"

namespace cairn::cache {
namespace {

std::string Text(size_t bytes) {
  std::string text;
  for (size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i % 97) + "\n";
  text.resize(bytes);
  return text;
}

std::string Noise(size_t bytes, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

std::string Unpack(std::string_view packed) {
  std::string out(Packing::SizeOf(packed), '\0');
  return Packing::Unpack(packed, out.data()) ? out : "-";
}

class PackingTest : public CacheFixture {
 protected:
  void SetUp() override {
    if (!Packing::available()) GTEST_SKIP() << "this build has no LZ4";
  }
  PackingTest() { options_.compress_from_bytes = 100; }
};

TEST_F(PackingTest, WhatWasCutOrForgedIsNoValue) {
  std::string packed;
  ASSERT_TRUE(Packing::Pack(Text(5000), &packed));
  EXPECT_EQ(Unpack(packed), Text(5000));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(Unpack(packed.substr(0, size)), "-") << size;
  }
  const uint32_t seed = 17;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string forged = packed;
    // the size, which says how much room there is, and the rest
    forged[random() % 2 == 0 ? random() % 2 : random() % forged.size()] ^=
        static_cast<char>(1 + random() % 255);
    const std::string got = Unpack(forged);  // the sanitizers watch
    EXPECT_TRUE(got == "-" || got.size() == Packing::SizeOf(forged));
  }
}

TEST_F(PackingTest, WhatWouldSaveLittleStaysAsItIs) {
  std::string packed;
  EXPECT_FALSE(Packing::Pack("", &packed));
  EXPECT_FALSE(Packing::Pack("short", &packed));
  EXPECT_FALSE(Packing::Pack(Noise(100'000, 3), &packed));
  Set("noise", Noise(1000, 4));
  Set("small", Text(99));
  EXPECT_EQ(cache().Stats(space()).packed, 0u);
  EXPECT_EQ(Get("noise"), Noise(1000, 4));
  EXPECT_EQ(Get("small"), Text(99));
}

TEST_F(PackingTest, ItIsOffByDefault) {
  options_.compress_from_bytes = CacheOptions().compress_from_bytes;
  Set("a", Text(100'000));
  EXPECT_EQ(cache().Stats(space()).packed, 0u);
  EXPECT_GT(cache().Stats(space()).bytes, 100'000u);
}

TEST_F(PackingTest, AnEmptyAndALargeValueAndABatchComeBackAsTheyWere) {
  Set("empty", "");
  Set("large", Text(3 << 20));
  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(Get("large"), Text(3 << 20));
  const std::string_view keys[] = {"large", "absent", "empty"};
  const std::vector<Handle> handles = cache().GetBatch(space(), keys);
  EXPECT_EQ(handles[0].value(), Text(3 << 20));
  EXPECT_EQ(handles[0].key(), "large");
  EXPECT_FALSE(handles[1]);
  EXPECT_EQ(handles[2].value(), "");
  EXPECT_TRUE(cache().Contains(space(), "large"));
}

TEST_F(PackingTest, StatisticsSayWhatIsSavedNow) {
  Set("a", Text(50'000));
  Set("b", Text(50'000));
  SpaceStats stats = cache().Stats(space());
  EXPECT_EQ(stats.packed, 2u);
  EXPECT_LT(stats.bytes, 50'000u);
  EXPECT_GT(stats.saved_bytes + stats.bytes, 100'000u);
  Set("a", "plain now");
  EXPECT_EQ(cache().Stats(space()).packed, 1u);
  cache().Delete(space(), "b");
  stats = cache().Stats(space());
  EXPECT_EQ(stats.packed, 0u);
  EXPECT_EQ(stats.saved_bytes, 0u);
}

TEST_F(PackingTest, BoundsAndQuotasCountWhatIsStored) {
  options_.max_entries = 0;
  options_.max_bytes = 1 << 20;
  SpaceOptions with_quota;
  with_quota.quota_bytes = 200'000;
  Space* small = Open("small", with_quota);
  // Each twice the quota, together eight times the cache.
  for (int i = 0; i < 20; ++i) Set(std::to_string(i), std::string(400'000, 'x'), {}, small);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get(std::to_string(i), small).size(), 400'000u) << i;
  EXPECT_LE(cache().Stats(small).bytes, with_quota.quota_bytes);
  EXPECT_LE(cache().bytes(), options_.max_bytes);
}

TEST_F(PackingTest, AHandleOutlivesItsEntryAndTheCache) {
  Set("a", Text(5000));
  Handle handle = cache().Get(space(), "a");
  Handle word = Handle::FromWord(cache().Get(space(), "a").ToWord());
  cache().Delete(space(), "a");
  cache_.reset();
  EXPECT_EQ(handle.value(), Text(5000));
  EXPECT_EQ(word.value(), Text(5000));
}

TEST_F(PackingTest, ALoadedValueTheListenerAndStaleOnesArePlain) {
  std::string told;
  options_.listener = [&](const Removal& removal) { told = removal.value; };
  LoadOptions load;
  load.store.ttl_ns = kSecond;
  load.store.stale_ns = kSecond;
  load.stale_on_error = true;
  LoadResult loaded;
  const Loader loader = [](Loaded* out) {
    out->value = Text(7000);
    return OkStatus();
  };
  ASSERT_TRUE(cache().GetOrLoad(space(), "a", loader, load, &loaded).ok());
  EXPECT_EQ(loaded.value(), Text(7000));
  EXPECT_EQ(cache().Stats(space()).packed, 1u);
  clock_.Advance(kSecond + 1);
  const Loader failing = [](Loaded*) { return Error(Code::kUnavailable, "down"); };
  ASSERT_TRUE(cache().GetOrLoad(space(), "a", failing, load, &loaded).ok());
  EXPECT_TRUE(loaded.stale);
  EXPECT_EQ(loaded.value(), Text(7000));
  cache().Delete(space(), "a");
  EXPECT_EQ(told, Text(7000));
}

TEST_F(PackingTest, ARefreshAheadOfTimeSeesTheTimeOfTheEntry) {
  LoadOptions load;
  load.store.ttl_ns = 10 * kSecond;
  load.refresh_ahead_ns = 2 * kSecond;
  int loads = 0;
  const Loader loader = [&](Loaded* out) {
    ++loads;
    out->value = Text(7000);
    return OkStatus();
  };
  LoadResult loaded;
  ASSERT_TRUE(cache().GetOrLoad(space(), "a", loader, load, &loaded).ok());
  clock_.Advance(5 * kSecond);
  ASSERT_TRUE(cache().GetOrLoad(space(), "a", loader, load, &loaded).ok());
  EXPECT_EQ(loads, 1);
  clock_.Advance(4 * kSecond);
  ASSERT_TRUE(cache().GetOrLoad(space(), "a", loader, load, &loaded).ok());
  EXPECT_EQ(loads, 2);
}

TEST_F(PackingTest, TiersGetWhatIsStoredAndGiveItBack) {
  auto tier = std::make_shared<FakeTier>();
  options_.tiers = {tier};
  Set("a", Text(50'000));
  SetOptions nothing;
  nothing.negative = true;
  Set("none", Text(50'000), nothing);
  ASSERT_EQ(tier->values.size(), 2u);
  for (const auto& [key, value] : tier->values) EXPECT_LT(value.second.size(), 10'000u);
  cache_.reset();
  EXPECT_EQ(Get("a"), Text(50'000));
  EXPECT_TRUE(cache().Get(space(), "none").negative());
  EXPECT_EQ(cache().Stats(space()).tier_hits, 2u);
  EXPECT_EQ(cache().Stats(space()).packed, 2u);
  // A cache without compression can read it, and one can read what came from the other.
  options_.compress_from_bytes = 0;
  cache_.reset();
  EXPECT_EQ(Get("a"), Text(50'000));
  EXPECT_EQ(cache().Stats(space()).packed, 0u);
  // What is broken is a miss.
  for (auto& [key, value] : tier->values) value.second.resize(value.second.size() / 2);
  cache_.reset();
  EXPECT_EQ(Get("a"), "-");
  for (auto& [key, value] : tier->values) value.second = "z\xff\xff\xff\x3f";
  cache_.reset();
  EXPECT_EQ(Get("a"), "-");
}

}  // namespace
}  // namespace cairn::cache
