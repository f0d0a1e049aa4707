#include "db/store_tier.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cache/cache.h"
#include "db/database.h"
#include "support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::OpenAt;

constexpr uint64_t kBytes = storage::CacheStoreOptions::kLeastBytes;

std::unique_ptr<cache::Cache> CacheOn(std::shared_ptr<cache::Tier> tier) {
  cache::CacheOptions options;
  options.max_entries = 100;
  options.tiers = {std::move(tier)};
  options.tier_options.skip_ns = 1'000'000;
  return Must(cache::Cache::Create(options));
}

std::string Get(cache::Cache& cache, std::string_view key) {
  const cache::Handle handle = cache.Get(cache.default_space(), key);
  return handle ? std::string(handle.value()) : "-";
}

class StoreTierTest : public ::testing::Test {
 protected:
  std::shared_ptr<storage::CacheStore> OpenStore() {
    storage::CacheStoreOptions options;
    options.path = dir_ / "cache";
    options.max_bytes = kBytes;
    return Must(storage::CacheStore::Open(options));
  }
  test::TempDir dir_;
};

TEST_F(StoreTierTest, ValuesNothingAndBumpsSurviveARestart) {
  {
    auto cache = CacheOn(std::make_shared<StoreTier>(OpenStore(), ""));
    cache::SetOptions nothing;
    nothing.negative = true;
    cache::Space* gone = Must(cache->OpenSpace("gone"));
    CAIRN_ASSERT_OK(cache->Set(gone, "a", "old"));
    cache->Bump(gone);
    CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "a", "1"));
    CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "deleted", "1"));
    CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "empty", ""));
    CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "nothing", "", nothing));
    cache->Delete(cache->default_space(), "deleted");
  }
  auto cache = CacheOn(std::make_shared<StoreTier>(OpenStore(), ""));
  EXPECT_EQ(Get(*cache, "a"), "1");
  EXPECT_EQ(Get(*cache, "empty"), "");
  EXPECT_EQ(Get(*cache, "deleted"), "-");
  const cache::Handle nothing = cache->Get(cache->default_space(), "nothing");
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing.negative());
  EXPECT_FALSE(cache->Get(Must(cache->OpenSpace("gone")), "a"));
  const cache::TierStats stats = cache->Stats().tiers[0];
  EXPECT_EQ(stats.name, "rocksdb");
  EXPECT_EQ(stats.hits, 3u);
  EXPECT_EQ(stats.failures, 0u);
  EXPECT_GT(stats.bytes, 0u);
  EXPECT_EQ(stats.max_bytes, kBytes);
}

TEST_F(StoreTierTest, CachesOfOtherNamesAreApart) {
  auto store = OpenStore();
  auto first = CacheOn(std::make_shared<StoreTier>(store, "first"));
  auto second = CacheOn(std::make_shared<StoreTier>(store, "second"));
  auto again = CacheOn(std::make_shared<StoreTier>(store, "first"));
  CAIRN_ASSERT_OK(first->Set(first->default_space(), "a", "1"));
  EXPECT_EQ(Get(*second, "a"), "-");
  EXPECT_EQ(Get(*again, "a"), "1");
  // The other learns of a bump with the next thing that it asks for.
  first->Bump(first->default_space());
  EXPECT_EQ(Get(*again, "absent"), "-");
  EXPECT_EQ(Get(*again, "a"), "-");
}

TEST_F(StoreTierTest, AClosedStoreIsAMissAndANumber) {
  auto store = OpenStore();
  auto cache = CacheOn(std::make_shared<StoreTier>(store, ""));
  CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "a", "1"));
  store->Close();
  EXPECT_EQ(Get(*cache, "a"), "1") << "memory has it";
  EXPECT_EQ(Get(*cache, "b"), "-");
  CAIRN_EXPECT_OK(cache->Set(cache->default_space(), "b", "2"));
  const cache::TierStats stats = cache->Stats().tiers[0];
  EXPECT_GT(stats.failures, 0u);
  EXPECT_THAT(stats.last_failure, ::testing::HasSubstr("is closed"));
}

TEST_F(StoreTierTest, ADatabaseKeepsItBesideItsOwnFiles) {
  const std::string path = dir_ / "db";
  for (int round = 0; round < 2; ++round) {
    auto db = OpenAt(path);
    auto tier = Must(db->OpenCacheTier("answers", kBytes));
    auto cache = CacheOn(tier);
    if (round == 0) CAIRN_ASSERT_OK(cache->Set(cache->default_space(), "a", "1"));
    EXPECT_EQ(Get(*cache, "a"), "1");
    EXPECT_EQ(Get(*CacheOn(Must(db->OpenCacheTier("other", kBytes))), "a"), "-");
    EXPECT_EQ(Must(db->Stats()).format_version, 1u);
    CAIRN_EXPECT_OK(db->Close());
    EXPECT_EQ(Get(*cache, "absent"), "-");
    CAIRN_EXPECT_ERROR(db->OpenCacheTier("x", kBytes), Code::kFailedPrecondition, "closed");
  }
  // What is lost is cached values, and nothing else.
  std::filesystem::remove_all(path + "/cache");
  auto db = OpenAt(path);
  EXPECT_EQ(Get(*CacheOn(Must(db->OpenCacheTier("answers", kBytes))), "a"), "-");
  auto reader = OpenAt(path, /*read_only=*/true);
  CAIRN_EXPECT_ERROR(reader->OpenCacheTier("answers", kBytes), Code::kFailedPrecondition,
                     "read-only");
}

}  // namespace
}  // namespace cairn::db
