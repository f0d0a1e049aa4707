#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/redis_client.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::net {
namespace {

constexpr int64_t kMs = 1'000'000;
/// What a busy machine, or a sanitizer, may add to a call of 50 ms.
constexpr int64_t kSlackNs = 5'000 * kMs;

TEST(RedisConcurrencyTest, EveryThreadGetsItsOwnAnswers) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  RedisOptions options = server.ClientOptions();
  options.max_connections = 3;
  auto client = RedisClient::Create(options);
  CAIRN_ASSERT_OK(client);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 8; ++id) {
    threads.emplace_back([&, id] {
      for (int i = 0; i < 200; ++i) {
        const std::string mine = StrCat(id, "/", i);
        RedisPipeline pipeline;
        pipeline.Add({"ECHO", mine}).Add({"INCR", "sum"}).Add({"ECHO", mine});
        std::vector<RedisReply> replies;
        const Status status = (*client)->Execute(pipeline, &replies);
        const bool is_right = status.ok() && replies.size() == 3 && replies[0].text == mine &&
                              replies[2].text == mine;
        if (!is_right) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_LE((*client)->counts().open_connections, 3u);
  auto sum = (*client)->Call({"GET", "sum"});
  CAIRN_ASSERT_OK(sum);
  EXPECT_EQ(sum->text, "1600");
}

/// Threads that call without a pause, note the longest call, and take every answer that is not
/// their own for a defect.
class Load {
 public:
  explicit Load(std::shared_ptr<RedisClient> client) : client_(std::move(client)) {
    for (int id = 0; id < 4; ++id) threads_.emplace_back([this, id] { Run(id); });
  }
  ~Load() { Stop(); }

  void Stop() {
    stop_.store(true);
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  /// Until so many more calls have had an answer, or have had none.
  void AwaitAnswers(uint64_t count) { Await(answers_, count); }
  void AwaitFailures(uint64_t count) { Await(failures_, count); }
  int64_t longest_ns() const { return longest_ns_.load(); }
  uint64_t wrong() const { return wrong_.load(); }

 private:
  static void Await(const std::atomic<uint64_t>& counter, uint64_t count) {
    const uint64_t wanted = counter.load() + count;
    while (counter.load() < wanted) std::this_thread::yield();
  }

  void Run(int id) {
    for (int i = 0; !stop_.load(); ++i) {
      const std::string mine = StrCat(id, "/", i);
      const int64_t start_ns = Clock::System()->MonotonicNs();
      const auto reply = client_->Call({"ECHO", mine});
      const int64_t taken_ns = Clock::System()->MonotonicNs() - start_ns;
      int64_t longest_ns = longest_ns_.load();
      while (taken_ns > longest_ns && !longest_ns_.compare_exchange_weak(longest_ns, taken_ns)) {
      }
      if (reply.ok() && reply->text != mine) wrong_.fetch_add(1);
      (reply.ok() ? answers_ : failures_).fetch_add(1);
    }
  }

  std::shared_ptr<RedisClient> client_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> answers_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> wrong_{0};
  std::atomic<int64_t> longest_ns_{0};
  std::vector<std::thread> threads_;
};

RedisOptions ShortOptions(const test::RedisServer& server) {
  RedisOptions options = server.ClientOptions();
  options.connect_timeout_ns = 60'000 * kMs;
  options.command_timeout_ns = 50 * kMs;
  options.max_connections = 2;
  return options;
}

TEST(RedisConcurrencyTest, KilledAndStartedAgainUnderLoad) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto client = RedisClient::Create(ShortOptions(server));
  CAIRN_ASSERT_OK(client);
  Load load(*client);
  for (int round = 0; round < 2; ++round) {
    load.AwaitAnswers(50);
    server.Kill();
    load.AwaitFailures(200);
    server.Start();
    load.AwaitAnswers(50);
  }
  load.Stop();
  EXPECT_EQ(load.wrong(), 0u);
  EXPECT_LE(load.longest_ns(), 50 * kMs + kSlackNs);
  EXPECT_GT((*client)->counts().refused, 0u);
}

TEST(RedisConcurrencyTest, FrozenAndContinuedUnderLoad) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  auto client = RedisClient::Create(ShortOptions(server));
  CAIRN_ASSERT_OK(client);
  Load load(*client);
  load.AwaitAnswers(50);
  server.Freeze();
  load.AwaitFailures(200);
  server.Continue();
  load.AwaitAnswers(50);
  load.Stop();
  EXPECT_EQ(load.wrong(), 0u) << "an answer from before the freeze went to a later call";
  EXPECT_LE(load.longest_ns(), 50 * kMs + kSlackNs);
}

}  // namespace
}  // namespace cairn::net
