// A Redis server that stops and starts again under load: no error, calls stay within their time,
// and hits return. CAIRN_OUTAGE_SECONDS sets how long the load lasts.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
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
constexpr int64_t kDeadlineNs = 50 * kMs;
constexpr uint64_t kKeys = 2000;
constexpr size_t kThreads = 4;

int64_t LoadNs() {
  const char* seconds = std::getenv("CAIRN_OUTAGE_SECONDS");
  return (seconds == nullptr ? 2 : std::atoll(seconds)) * 1'000 * kMs;
}

TEST(RedisOutageTest, CallsStayWithinTheirTimeAndHitsReturn) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  net::RedisOptions redis = server.ClientOptions();
  redis.command_timeout_ns = kDeadlineNs;
  auto client = net::RedisClient::Create(redis);
  CAIRN_ASSERT_OK(client);
  CacheOptions options;
  options.max_entries = 200;  // most lookups come to the tier
  options.tiers = {std::make_shared<RedisTier>(*client)};
  options.tier_options.skip_ns = 50 * kMs;
  auto made = Cache::Create(options);
  CAIRN_ASSERT_OK(made);
  Cache& cache = **made;
  Space* space = cache.default_space();
  const int64_t begin_ns = Clock::System()->MonotonicNs();
  const int64_t end_ns = begin_ns + LoadNs();
  std::atomic<uint64_t> errors{0};
  std::vector<std::vector<int64_t>> took(kThreads);
  std::vector<std::thread> threads;
  for (size_t id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      for (uint64_t i = id * 977;; i += 7) {
        const int64_t start_ns = Clock::System()->MonotonicNs();
        if (start_ns >= end_ns) return;
        const std::string key = std::to_string(i % kKeys);
        LoadResult result;
        const Status status = cache.GetOrLoad(
            space, key,
            [&key](Loaded* loaded) {
              loaded->value = key;
              return OkStatus();
            },
            {}, &result);
        if (!status.ok() || result.value() != key) errors.fetch_add(1);
        took[id].push_back(Clock::System()->MonotonicNs() - start_ns);
      }
    });
  }
  const auto await = [&](int64_t time_ns) {
    while (Clock::System()->MonotonicNs() < time_ns) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the load is what is timed
    }
  };
  await(begin_ns + LoadNs() / 4);
  const uint64_t hits_before = cache.Stats().tiers[0].hits;
  server.Kill();
  await(begin_ns + LoadNs() / 2);
  server.Start();
  const uint64_t hits_away = cache.Stats().tiers[0].hits;
  for (std::thread& thread : threads) thread.join();
  const TierStats stats = cache.Stats().tiers[0];
  std::vector<int64_t> all;
  for (const auto& some : took) all.insert(all.end(), some.begin(), some.end());
  ASSERT_GT(all.size(), 1000u);
  std::sort(all.begin(), all.end());
  const int64_t p99_ns = all[all.size() * 99 / 100];
  RecordProperty("calls", static_cast<int>(all.size()));
  std::printf("%zu calls, p50 %.3f ms, p99 %.3f ms, longest %.1f ms, failures %llu, skipped %llu\n",
              all.size(), static_cast<double>(all[all.size() / 2]) / 1e6,
              static_cast<double>(p99_ns) / 1e6, static_cast<double>(all.back()) / 1e6,
              static_cast<unsigned long long>(stats.failures),
              static_cast<unsigned long long>(stats.skipped));
  EXPECT_EQ(errors.load(), 0u);
  EXPECT_LT(p99_ns, kDeadlineNs);
  EXPECT_GT(hits_before, 0u);
  EXPECT_GT(stats.hits, hits_away + 100) << "hits return";
}

}  // namespace
}  // namespace cairn::cache
