// What a call comes to when there is no server, a mute one, or one that talks nonsense: a failure
// within the time of the call.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "net/outage_gate.h"
#include "net/redis_client.h"
#include "support/fake_server.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::net {
namespace {

constexpr int64_t kMs = 1'000'000;
/// What a busy machine may add to a call; everything that is waited for wrongly takes far longer.
constexpr int64_t kSlackNs = 5'000 * kMs;

/// A gate that lets every call through, so that each one meets the server.
class OpenGate final : public Gate {
 public:
  Pass Enter() override { return {.is_admitted = true}; }
  void Leave(const Pass& /*pass*/, Outcome outcome) override { last_.store(outcome); }
  Outcome last() const { return last_.load(); }

 private:
  std::atomic<Outcome> last_{Outcome::kUnused};
};

class RedisOutageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisReader::IsSupported()) GTEST_SKIP() << "this build has no Redis client";
    options_.gate = gate_;
    options_.connect_timeout_ns = 60'000 * kMs;
    options_.command_timeout_ns = 30 * kMs;
  }

  std::shared_ptr<RedisClient> Connect(uint16_t port) {
    options_.endpoint.port = port;
    auto client = RedisClient::Create(options_);
    CAIRN_EXPECT_OK(client);
    return *client;
  }

  /// One call, which must fail within its time.
  Status FailingCall(RedisClient* client) {
    const int64_t start_ns = Clock::System()->MonotonicNs();
    Status status = client->Call({"PING"}).status();
    const int64_t taken_ns = Clock::System()->MonotonicNs() - start_ns;
    EXPECT_LE(taken_ns, options_.command_timeout_ns + kSlackNs) << status;
    return status;
  }

  std::shared_ptr<OpenGate> gate_ = std::make_shared<OpenGate>();
  RedisOptions options_;
};

TEST_F(RedisOutageTest, NobodyListens) {
  auto client = Connect(test::FreePort());
  CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kUnavailable, "Redis at 127.0.0.1:");
  CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kUnavailable, "onnection refused");
  EXPECT_EQ(gate_->last(), Outcome::kFailure);
  EXPECT_EQ(client->counts().open_connections, 0u);
}

TEST_F(RedisOutageTest, ThereIsNoSuchSocket) {
  test::TempDir folder;
  options_.endpoint.socket_path = folder / "absent";
  CAIRN_EXPECT_ERROR(FailingCall(Connect(1).get()), Code::kUnavailable, "No such file");
}

TEST_F(RedisOutageTest, AHostWithoutAnAddress) {
  options_.endpoint.host = "no-such-host.invalid";
  auto client = Connect(6379);
  for (int i = 0; i < 3; ++i) {
    const Status status = FailingCall(client.get());
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find("no-such-host.invalid"), std::string_view::npos) << status;
  }
}

TEST_F(RedisOutageTest, AServerThatNeverAnswers) {
  test::FakeServer server({});
  auto client = Connect(server.port());
  for (int i = 0; i < 3; ++i) {
    CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kTimedOut, "no answer within the time");
    EXPECT_EQ(client->counts().open_connections, 0u) << "its answers would be another call's";
  }
  EXPECT_EQ(client->counts().timeouts, 3u);
}

TEST_F(RedisOutageTest, AServerThatAnswersHalf) {
  test::FakeServer server({.greeting = "", .answer = "$10\r\nhalf"});
  CAIRN_EXPECT_ERROR(FailingCall(Connect(server.port()).get()), Code::kTimedOut, "no answer");
}

TEST_F(RedisOutageTest, AServerThatHangsUp) {
  test::FakeServer server({.greeting = "", .answer = "", .hangs_up = true});
  CAIRN_EXPECT_ERROR(FailingCall(Connect(server.port()).get()), Code::kUnavailable, "");
  EXPECT_EQ(gate_->last(), Outcome::kFailure);
}

TEST_F(RedisOutageTest, WhatIsNoRedisServer) {
  test::FakeServer server({.greeting = "", .answer = "HTTP/1.1 400 Bad Request\r\n\r\n"});
  CAIRN_EXPECT_ERROR(FailingCall(Connect(server.port()).get()), Code::kDataLoss, "no Redis reply");
  EXPECT_EQ(gate_->last(), Outcome::kFailure);
}

TEST_F(RedisOutageTest, AnswersThatNobodyAskedFor) {
  test::FakeServer server({.greeting = "", .answer = "+OK\r\n+OK\r\n"});
  auto client = Connect(server.port());
  CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kDataLoss, "nobody asked for");
  EXPECT_EQ(client->counts().open_connections, 0u);
}

TEST_F(RedisOutageTest, AServerThatSaysItCannotServe) {
  test::FakeServer server({.greeting = "", .answer = "-LOADING Redis is loading the dataset\r\n"});
  auto client = Connect(server.port());
  CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kFailedPrecondition, "LOADING");
  EXPECT_EQ(gate_->last(), Outcome::kFailure);
}

TEST_F(RedisOutageTest, WaitingForABusyConnectionIsPartOfTheCall) {
  test::FakeServer server({});
  options_.max_connections = 1;
  auto client = Connect(server.port());
  std::thread holder([&] { client->Call({"PING"}, 500 * kMs).status().IgnoreError("mute"); });
  while (client->counts().open_connections == 0) std::this_thread::yield();
  CAIRN_EXPECT_ERROR(FailingCall(client.get()), Code::kTimedOut, "all 1 connections were busy");
  holder.join();
}

TEST_F(RedisOutageTest, AServerThatDoesNotRead) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  server.Freeze();
  auto client = Connect(server.port());
  const std::string big(20 << 20, 'x');  // more than fits into the system's buffers
  const int64_t start_ns = Clock::System()->MonotonicNs();
  CAIRN_EXPECT_ERROR(client->Call({"SET", "k", big}), Code::kTimedOut, "no answer");
  EXPECT_LE(Clock::System()->MonotonicNs() - start_ns, options_.command_timeout_ns + kSlackNs);
  EXPECT_EQ(client->counts().open_connections, 0u);
}

TEST_F(RedisOutageTest, AConnectionThatTakesLongIsLeftToTheNextCall) {
  CAIRN_REQUIRE_REDIS();
  // A full queue of connections that nobody accepts: connecting takes until one is accepted.
  test::RedisServer server({"--tcp-backlog", "1"});
  server.Freeze();
  std::vector<std::shared_ptr<RedisClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(Connect(server.port()));
    CAIRN_EXPECT_ERROR(FailingCall(clients.back().get()), Code::kTimedOut, "");
  }
  EXPECT_EQ(clients.back()->counts().open_connections, 1u) << "it is still being made";
  server.Continue();
  options_.command_timeout_ns = 10'000 * kMs;
  CAIRN_EXPECT_OK(clients.back()->Call({"PING"}, 10'000 * kMs));
}

TEST_F(RedisOutageTest, TheGateMakesAnOutageCheapAndItsEndIsNoticed) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server;
  ManualClock clock(1);
  auto gate = std::make_shared<OutageGate>(OutageGateOptions{}, &clock);
  options_ = server.ClientOptions();
  options_.gate = gate;
  auto client = Connect(1);
  CAIRN_ASSERT_OK(client->Call({"PING"}));
  server.Kill();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(client->Call({"PING"}).ok());
  EXPECT_FALSE(gate->is_open());
  const uint64_t failures = client->counts().failures;
  for (int i = 0; i < 1'000; ++i) {
    CAIRN_EXPECT_ERROR(client->Call({"PING"}), Code::kUnavailable, "held back");
  }
  EXPECT_EQ(client->counts().refused, 1'000u);
  EXPECT_EQ(client->counts().failures, failures) << "no call reached for the server";
  server.Start();
  CAIRN_EXPECT_ERROR(client->Call({"PING"}), Code::kUnavailable, "held back");
  clock.Advance(100 * kMs);
  CAIRN_EXPECT_OK(client->Call({"PING"}));
  CAIRN_EXPECT_OK(client->Call({"PING"}));
}

}  // namespace
}  // namespace cairn::net
