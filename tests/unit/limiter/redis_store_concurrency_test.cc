#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "limiter/redis_store.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
constexpr int64_t kLongNs = 5'000'000'000;

/// Two stores are two processes as far as the server can tell.
TEST(RedisStoreConcurrencyTest, TwoStoresAdmitExactlyTheLimitTogether) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto first = net::RedisClient::Create(server.ClientOptions());
  auto second = net::RedisClient::Create(server.ClientOptions());
  CAIRN_ASSERT_OK(first);
  CAIRN_ASSERT_OK(second);
  RedisStore stores[] = {RedisStore(*first), RedisStore(*second)};
  for (const Algorithm algorithm :
       {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow}) {
    // A token takes more than a year, so that none is refilled meanwhile.
    const Policy policy{.name = "p", .rules = {{"r", algorithm, 100, 300 * 24 * kHourNs, 0, 0}}};
    std::atomic<uint64_t> admitted{0};
    std::vector<std::thread> threads;
    for (int id = 0; id < 4; ++id) {
      threads.emplace_back([&, id] {
        for (int i = 0; i < 20; ++i) {
          const std::vector<StoreCall> calls(4, {&policy, "k"});
          std::vector<Decision> decisions(calls.size());
          CAIRN_EXPECT_OK(stores[id % 2].DecideMany(calls, decisions, kLongNs));
          for (const Decision& decision : decisions) admitted += decision.allowed() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(admitted.load(), 100u) << AlgorithmName(algorithm);
  }
}

}  // namespace
}  // namespace cairn::limiter
