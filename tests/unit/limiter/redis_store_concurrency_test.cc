#include "limiter/redis_store.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "unit/limiter/redis_fixture.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
constexpr int64_t kLongNs = 5'000'000'000;

class RedisStoreConcurrencyTest : public RedisTest {
 protected:
  static void InThreads(int count, const std::function<void(int id)>& work) {
    std::vector<std::thread> threads;
    for (int id = 0; id < count; ++id) threads.emplace_back(work, id);
    for (std::thread& thread : threads) thread.join();
  }
};

// A token takes more than a year, so that none is refilled meanwhile.
Policy SlowPolicy(Algorithm algorithm, uint64_t limit) {
  return {.name = "p", .rules = {{"r", algorithm, limit, 300 * 24 * kHourNs, 0, 0}}};
}

/// Two stores are two processes as far as the server can tell.
TEST_F(RedisStoreConcurrencyTest, TwoStoresAdmitExactlyTheLimitTogether) {
  RedisStore stores[] = {RedisStore(NewClient()), RedisStore(NewClient())};
  for (const Algorithm algorithm :
       {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow}) {
    const Policy policy = SlowPolicy(algorithm, 100);
    std::atomic<uint64_t> admitted{0};
    InThreads(4, [&](int id) {
      for (int i = 0; i < 20; ++i) {
        const std::vector<StoreCall> calls(4, {&policy, "k"});
        std::vector<Decision> decisions(calls.size());
        CAIRN_EXPECT_OK(stores[id % 2].DecideMany(calls, decisions, kLongNs));
        for (const Decision& decision : decisions) admitted += decision.allowed() ? 1 : 0;
      }
    });
    EXPECT_EQ(admitted.load(), 100u) << AlgorithmName(algorithm);
  }
}

TEST_F(RedisStoreConcurrencyTest, WhoTravelsTogetherGetsHisOwnAnswer) {
  RedisStore store(client_);
  const Policy policies[] = {SlowPolicy(Algorithm::kFixedWindow, 100),
                             {.name = "q", .rules = SlowPolicy(Algorithm::kGcra, 1'000).rules}};
  std::atomic<uint64_t> admitted{0};
  const uint64_t before = client_->counts().calls;
  InThreads(8, [&](int id) {
    const std::string own_key = StrCat("own-", id);
    for (uint64_t i = 0; i < 50; ++i) {
      auto shared = store.Decide({&policies[0], "all"}, kLongNs);
      auto own = store.Decide({&policies[1], own_key}, kLongNs);
      CAIRN_ASSERT_OK(shared);
      CAIRN_ASSERT_OK(own);
      admitted += shared->allowed() ? 1 : 0;
      EXPECT_TRUE(own->allowed());
      EXPECT_EQ(own->remaining, 999 - i) << "the answer to another key";
    }
  });
  EXPECT_EQ(admitted.load(), 100u);
  EXPECT_LE(client_->counts().calls - before, 802u) << "more calls than decisions";
}

TEST_F(RedisStoreConcurrencyTest, NobodyWaitsLongerThanHisTime) {
  RedisStore store(client_);
  const Policy policy = SlowPolicy(Algorithm::kGcra, 1'000'000);
  CAIRN_ASSERT_OK(store.Decide({&policy, "k"}, kLongNs));
  server_->Freeze();
  InThreads(8, [&](int id) {
    const int64_t timeout_ns = int64_t{1 + id} * 20'000'000;
    const int64_t start_ns = Clock::System()->MonotonicNs();
    EXPECT_FALSE(store.Decide({&policy, "k"}, timeout_ns).ok());
    // Generous: what it must not do is to wait for as long as somebody else may.
    EXPECT_LT(Clock::System()->MonotonicNs() - start_ns, timeout_ns + kLongNs / 2);
  });
  server_->Continue();
  const auto works = [&] { return store.Decide({&policy, "k"}, kLongNs).ok(); };
  bool is_back = false;
  for (int tries = 0; tries < 2'000 && !is_back; ++tries) {
    is_back = works();
    if (!is_back) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(is_back);
}

}  // namespace
}  // namespace cairn::limiter
