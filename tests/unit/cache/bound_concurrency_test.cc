#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

TEST(BoundConcurrency, BytesNeverExceedTheBound) {
  CacheOptions options;
  options.max_bytes = 8 << 20;
  auto cache = std::move(Cache::Create(options)).value();
  Space* space = cache->default_space();
  std::atomic<int> running{8};
  std::atomic<uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 400; ++i) {
        const std::string key = std::to_string(random() % 500);
        const size_t size = size_t{1} << (random() % 21);
        // Every value says what it is: its key in every byte.
        const std::string value(size, static_cast<char>('0' + key.size() * 7 + key[0] % 7));
        cache->Set(space, key, value).IgnoreError("no room is allowed");
        if (const Handle handle = cache->Get(space, key)) {
          const auto expected = static_cast<char>('0' + key.size() * 7 + key[0] % 7);
          if (handle.value().find_first_not_of(expected) != std::string_view::npos) wrong++;
        }
        if (random() % 16 == 0) cache->Delete(space, key);
      }
      --running;
    });
  }
  uint64_t most = 0;
  while (running.load() > 0) most = std::max(most, cache->bytes());
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, options.max_bytes);
  EXPECT_EQ(wrong.load(), 0u);
  cache->ClearAll();
  cache->Maintain();
  EXPECT_EQ(cache->entries(), 0u);
  EXPECT_EQ(cache->Stats(space).bytes, 0u) << "all that was taken is given back";
}

TEST(BoundConcurrency, HandlesEndInOtherThreadsAndThreadsComeAndGo) {
  CacheOptions options;
  options.max_entries = 64;
  auto cache = std::move(Cache::Create(options)).value();
  Space* space = cache->default_space();
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<Handle>> held(4);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const std::string key = std::to_string((i * 7 + static_cast<int>(t)) % 100);
          if (!cache->Contains(space, key)) {
            cache->Set(space, key, "value of " + key).IgnoreError("a miss");
          }
          if (Handle handle = cache->Get(space, key)) held[t].push_back(std::move(handle));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& handles : held) {
      for (const Handle& handle : handles) {
        ASSERT_EQ(handle.value(), "value of " + std::string(handle.key()));
      }
    }
  }
  cache->ClearAll();
  cache->Maintain();
  EXPECT_EQ(cache->Stats(space).bytes, 0u);
}

}  // namespace
}  // namespace cairn::cache
