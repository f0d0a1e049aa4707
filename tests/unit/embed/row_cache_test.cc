#include "embed/row_cache.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace cairn::embed {
namespace {

RowCache::Row MakeRow(size_t bytes, float weight = 0) {
  auto row = std::make_shared<ModelRow>();
  row->lsa_weight = weight;
  row->values.resize(bytes);
  return row;
}

std::optional<RowCache::Row> FindOne(RowCache& cache, const std::string& term) {
  return cache.Find(std::vector<std::string>{term})[0];
}

TEST(RowCacheTest, KnowsNothingAtFirst) {
  RowCache cache(1000);
  EXPECT_FALSE(FindOne(cache, "a").has_value());
  EXPECT_EQ(cache.byte_size(), 0U);
}

TEST(RowCacheTest, TellsUnknownFromKnownToBeAbsent) {
  RowCache cache(10000);
  cache.Insert("absent", nullptr);
  ASSERT_TRUE(FindOne(cache, "absent").has_value());
  EXPECT_EQ(*FindOne(cache, "absent"), nullptr);
}

TEST(RowCacheTest, FindsInTheOrderAsked) {
  RowCache cache(100000);
  cache.Insert("a", MakeRow(10, 1));
  cache.Insert("b", MakeRow(10, 2));
  auto found = cache.Find(std::vector<std::string>{"b", "c", "a"});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ((*found[0])->lsa_weight, 2);
  EXPECT_FALSE(found[1].has_value());
  EXPECT_EQ((*found[2])->lsa_weight, 1);
}

TEST(RowCacheTest, StaysWithinItsBytes) {
  RowCache cache(20000);
  for (int i = 0; i < 1000; ++i) cache.Insert("t" + std::to_string(i), MakeRow(500));
  EXPECT_LE(cache.byte_size(), 20000U);
  EXPECT_GT(cache.byte_size(), 5000U);
  EXPECT_TRUE(FindOne(cache, "t999").has_value());
  EXPECT_FALSE(FindOne(cache, "t0").has_value());
}

TEST(RowCacheTest, KeepsWhatIsUsed) {
  RowCache cache(20000);
  cache.Insert("hot", MakeRow(500));
  for (int i = 0; i < 1000; ++i) {
    cache.Insert("t" + std::to_string(i), MakeRow(500));
    ASSERT_TRUE(FindOne(cache, "hot").has_value()) << i;
  }
  EXPECT_LE(cache.byte_size(), 20000U);
}

TEST(RowCacheTest, RowLargerThanHalfIsNotKept) {
  RowCache cache(1000);
  cache.Insert("big", MakeRow(900));
  EXPECT_FALSE(FindOne(cache, "big").has_value());
}

TEST(RowCacheTest, ManyThreads) {
  RowCache cache(50000);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache] {
      for (int i = 0; i < 2000; ++i) {
        const std::string term = "t" + std::to_string(i % 300);
        auto found = FindOne(cache, term);
        if (!found.has_value()) {
          cache.Insert(term, MakeRow(100, static_cast<float>(i % 300)));
        } else {
          ASSERT_EQ((*found)->lsa_weight, static_cast<float>(i % 300));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.byte_size(), 50000U);
}

}  // namespace
}  // namespace cairn::embed
