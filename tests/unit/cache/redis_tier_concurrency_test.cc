#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cache/redis_tier.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::cache {
namespace {

constexpr int64_t kMs = 1'000'000;
/// What a busy machine, or a sanitizer, may add to a call of 50 ms.
constexpr int64_t kSlackNs = 5'000 * kMs;

std::unique_ptr<RedisTier> MakeTier(const test::RedisServer& server) {
  net::RedisOptions options = server.ClientOptions();
  options.connect_timeout_ns = 60'000 * kMs;
  options.command_timeout_ns = 50 * kMs;
  auto client = net::RedisClient::Create(options);
  CAIRN_EXPECT_OK(client);
  return client.ok() ? std::make_unique<RedisTier>(*client) : nullptr;
}

/// Threads that look up, and write what they do not find: a value is its key.
class Load {
 public:
  explicit Load(RedisTier* tier) : tier_(tier) {
    for (int id = 0; id < 4; ++id) threads_.emplace_back([this] { Run(); });
  }
  ~Load() { Stop(); }
  void Stop() {
    stop_.store(true);
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  void AwaitHits(uint64_t count) { Await(hits_, count); }
  void AwaitFailures(uint64_t count) { Await(failures_, count); }
  int64_t longest_ns() const { return longest_ns_.load(); }
  uint64_t wrong() const { return wrong_.load(); }

 private:
  static void Await(const std::atomic<uint64_t>& counter, uint64_t count) {
    const uint64_t wanted = counter.load() + count;
    while (counter.load() < wanted) std::this_thread::yield();
  }

  void Run() {
    for (uint64_t i = 0; !stop_.load(); ++i) {
      const std::string name = StrCat("key", i % 50);
      const std::string_view key = name;
      TierValue value;
      uint64_t epoch = 0;
      const int64_t start_ns = Clock::System()->MonotonicNs();
      const Status status = tier_->Get("s", {&key, 1}, {&value, 1}, &epoch);
      Note(Clock::System()->MonotonicNs() - start_ns);
      if (!status.ok()) {
        failures_.fetch_add(1);
      } else if (value.found) {
        if (value.value != name) wrong_.fetch_add(1);
        hits_.fetch_add(1);
      } else {
        const TierWrite write{name, name, 0};
        tier_->Set("s", epoch, {&write, 1}).IgnoreError("the next lookup is a miss again");
      }
    }
  }
  void Note(int64_t taken_ns) {
    int64_t longest_ns = longest_ns_.load();
    while (taken_ns > longest_ns && !longest_ns_.compare_exchange_weak(longest_ns, taken_ns)) {
    }
  }

  RedisTier* const tier_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> wrong_{0};
  std::atomic<int64_t> longest_ns_{0};
  std::vector<std::thread> threads_;
};

TEST(RedisTierConcurrencyTest, HitsComeBackAfterTheServerWasAway) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto tier = MakeTier(server);
  ASSERT_NE(tier, nullptr);
  Load load(tier.get());
  for (int round = 0; round < 2; ++round) {
    load.AwaitHits(200);
    server.Kill();
    load.AwaitFailures(200);
    server.Start();
    load.AwaitHits(200);
  }
  load.Stop();
  EXPECT_EQ(load.wrong(), 0u);
  EXPECT_LE(load.longest_ns(), 50 * kMs + kSlackNs);
}

/// Each value is a number that only grows, written together with a bump: no thread may see a number
/// below the one that was current when it began.
TEST(RedisTierConcurrencyTest, NobodySeesWhatABumpHasHidden) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto writer = MakeTier(server);
  auto reader = MakeTier(server);
  ASSERT_NE(writer, nullptr);
  ASSERT_NE(reader, nullptr);
  std::atomic<uint64_t> current{0};
  std::atomic<bool> stop{false};
  std::atomic<int> stale{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 3; ++id) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        const uint64_t at_least = current.load();
        const std::string_view key = "k";
        TierValue value;
        uint64_t epoch = 0;
        if (!reader->Get("s", {&key, 1}, {&value, 1}, &epoch).ok() || !value.found) continue;
        if (std::stoull(value.value) < at_least) stale.fetch_add(1);
      }
    });
  }
  for (uint64_t number = 1; number <= 300; ++number) {
    auto epoch = writer->Bump("s", 0);
    if (!epoch.ok()) continue;
    current.store(number);  // from here on, what was written before is hidden
    const std::string text = std::to_string(number);
    const TierWrite write{"k", text, 0};
    writer->Set("s", *epoch, {&write, 1}).IgnoreError("a miss");
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stale.load(), 0);
}

}  // namespace
}  // namespace cairn::cache
