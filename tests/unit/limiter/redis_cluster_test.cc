// A server that is part of a cluster takes no script with keys of several slots.
#include <chrono>
#include <thread>
#include <vector>

#include "limiter/redis_store.h"
#include "unit/limiter/redis_fixture.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
constexpr int64_t kLongNs = 5'000'000'000;

TEST(RedisClusterTest, AClusterIsFoundOut) {
  CAIRN_REQUIRE_REDIS();
  test::RedisServer server({"--cluster-enabled", "yes"});
  auto client = net::RedisClient::Create(server.ClientOptions());
  CAIRN_ASSERT_OK(client);
  if (!(*client)->Call({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}).ok()) {
    GTEST_SKIP() << "this redis-server is older than 7.0";
  }
  const Policy policy{.name = "p", .rules = {{"r", Algorithm::kGcra, 2, kHourNs, 0, 0}}};
  RedisStore store(*client);
  const std::vector<StoreCall> calls = {
      {&policy, "a"}, {&policy, "b"}, {&policy, "a"}, {&policy, "a"}};
  std::vector<Decision> decisions(calls.size());
  // It takes a moment until a node of a cluster believes in itself.
  Status status;
  for (int tries = 0; tries < 1'000; ++tries) {
    status = store.DecideMany(calls, decisions, kLongNs);
    if (status.code() != Code::kFailedPrecondition && status.code() != Code::kUnavailable) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CAIRN_ASSERT_OK(status);
  for (size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(decisions[i].allowed(), i != 3) << i;
  const uint64_t before = (*client)->counts().calls;
  CAIRN_EXPECT_OK(store.DecideMany(calls, decisions, kLongNs));
  EXPECT_EQ((*client)->counts().calls - before, 1u) << "it is asked again what it cannot do";
}

}  // namespace
}  // namespace cairn::limiter
