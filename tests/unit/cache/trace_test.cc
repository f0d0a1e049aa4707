#include <gtest/gtest.h>

#include <list>
#include <unordered_map>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

uint64_t LruHits(const std::vector<uint64_t>& keys, size_t capacity) {
  std::list<uint64_t> order;
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> where;
  uint64_t hits = 0;
  for (uint64_t key : keys) {
    const auto found = where.find(key);
    if (found != where.end()) {
      ++hits;
      order.splice(order.begin(), order, found->second);
      continue;
    }
    if (where.size() == capacity) {
      where.erase(order.back());
      order.pop_back();
    }
    order.push_front(key);
    where[key] = order.begin();
  }
  return hits;
}

uint64_t CairnHits(const std::vector<uint64_t>& keys, size_t capacity) {
  CacheOptions options;
  options.max_entries = capacity;
  options.seed = 7;
  auto cache = Cache::Create(options);
  EXPECT_TRUE(cache.ok());
  uint64_t hits = 0;
  for (uint64_t key : keys) {
    const std::string_view bytes(reinterpret_cast<const char*>(&key), sizeof key);
    if ((*cache)->Get((*cache)->default_space(), bytes)) {
      ++hits;
    } else {
      EXPECT_TRUE((*cache)->Set((*cache)->default_space(), bytes, "").ok());
    }
  }
  return hits;
}

TEST(Trace, ALoopLargerThanTheCacheStillHits) {
  std::vector<uint64_t> keys;
  for (uint64_t i = 0; i < 100'000; ++i) keys.push_back(i % 1000);
  EXPECT_EQ(LruHits(keys, 500), 0u);
  EXPECT_GT(CairnHits(keys, 500), 25'000u);
}

TEST(Trace, ALoopThatAlmostFitsMostlyHits) {
  std::vector<uint64_t> keys;
  for (uint64_t i = 0; i < 300'000; ++i) keys.push_back(i % 1011);
  EXPECT_GT(CairnHits(keys, 1000), 150'000u);
}

TEST(Trace, RecencyAloneIsServedAsByLru) {
  std::vector<uint64_t> keys;
  for (uint64_t i = 0; i < 50'000; ++i) {
    keys.push_back(i);
    if (i >= 100) keys.push_back(i - 100);
  }
  const uint64_t lru = LruHits(keys, 250);
  EXPECT_GT(static_cast<double>(CairnHits(keys, 250)), 0.95 * static_cast<double>(lru));
}

TEST(Trace, AScanDoesNotWashOutTheUsed) {
  std::vector<uint64_t> keys;
  uint64_t state = 1;
  uint64_t next_scanned = 1'000'000;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 1000; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      keys.push_back((state >> 33) % 300);
    }
    for (int i = 0; i < 1000; ++i) keys.push_back(next_scanned++);
  }
  EXPECT_GT(CairnHits(keys, 400), LruHits(keys, 400));
  EXPECT_GT(CairnHits(keys, 400), 45'000u);
}

}  // namespace
}  // namespace cairn::cache
