// A cache whose second tier is a Redis server that comes and goes: its callers do not notice.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cache/cache.h"
#include "cache/redis_tier.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::cache {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kTimeoutNs = 50 * kMs;
/// What a busy machine, or a sanitizer, may add.
constexpr int64_t kSlackNs = 5'000 * kMs;
constexpr uint64_t kKeys = 400;

/// So small that most lookups come to the tier.
std::unique_ptr<Cache> MakeCache(const test::RedisServer& server, int64_t timeout_ns) {
  net::RedisOptions redis = server.ClientOptions();
  redis.connect_timeout_ns = 60'000 * kMs;
  redis.command_timeout_ns = timeout_ns;
  auto client = net::RedisClient::Create(redis);
  CAIRN_EXPECT_OK(client);
  CacheOptions options;
  options.max_entries = 40;
  options.tiers = {std::make_shared<RedisTier>(*client)};
  options.tier_options.failures_to_skip = 3;
  options.tier_options.skip_ns = 20 * kMs;
  auto cache = Cache::Create(options);
  CAIRN_EXPECT_OK(cache);
  return cache.ok() ? *std::move(cache) : nullptr;
}

TEST(RedisCacheConcurrencyTest, CallersSeeNoErrorAndHitsReturn) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto cache = MakeCache(server, kTimeoutNs);
  ASSERT_NE(cache, nullptr);
  Space* space = cache->default_space();
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> errors{0};
  std::atomic<uint64_t> calls{0};
  std::atomic<int64_t> longest_ns{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 0; id < 3; ++id) {
    threads.emplace_back([&, id] {
      for (uint64_t i = id; !stop.load(); ++i) {
        const std::string key = std::to_string(i * 7 % kKeys);
        LoadResult result;
        const int64_t start_ns = Clock::System()->MonotonicNs();
        const Status status = cache->GetOrLoad(
            space, key,
            [&key](Loaded* loaded) {
              loaded->value = key;
              return OkStatus();
            },
            {}, &result);
        const int64_t taken_ns = Clock::System()->MonotonicNs() - start_ns;
        int64_t longest = longest_ns.load();
        while (taken_ns > longest && !longest_ns.compare_exchange_weak(longest, taken_ns)) {
        }
        const bool is_right = status.ok() && result.value() == key;
        if (!is_right) errors.fetch_add(1);
        calls.fetch_add(1);
      }
    });
  }
  const auto await_tier_hits = [&](uint64_t count) {
    const uint64_t wanted = cache->Stats(space).tier_hits + count;
    while (cache->Stats(space).tier_hits < wanted) std::this_thread::yield();
  };
  const auto await_skips = [&](uint64_t count) {
    const uint64_t wanted = cache->Stats().tiers[0].skipped + count;
    while (cache->Stats().tiers[0].skipped < wanted) std::this_thread::yield();
  };
  for (int round = 0; round < 2; ++round) {
    await_tier_hits(200);
    server.Kill();
    await_skips(200);
    server.Start();
    await_tier_hits(200);
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors.load(), 0u);
  // A call asks the tier at most for the epoch, for what is owed, for the value, and to keep one.
  EXPECT_LE(longest_ns.load(), 4 * kTimeoutNs + kSlackNs);
}

TEST(RedisCacheConcurrencyTest, ABumpInOneProcessReachesTheOther) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto first = MakeCache(server, 20'000 * kMs);
  auto second = MakeCache(server, 20'000 * kMs);
  ASSERT_TRUE(first != nullptr && second != nullptr);
  CAIRN_ASSERT_OK(first->Set(first->default_space(), "k", "old"));
  const Handle seen = second->Get(second->default_space(), "k");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen.value(), "old");
  first->Bump(first->default_space());
  EXPECT_FALSE(first->Get(first->default_space(), "k"));
  // The other learns of it the next time that it asks the tier for anything.
  EXPECT_FALSE(second->Get(second->default_space(), "absent"));
  EXPECT_FALSE(second->Get(second->default_space(), "k"));
  CAIRN_ASSERT_OK(second->Set(second->default_space(), "k", "new"));
  EXPECT_EQ(first->Get(first->default_space(), "k").value(), "new");
}

}  // namespace
}  // namespace cairn::cache
