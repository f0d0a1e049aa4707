#include "net/redis_client.h"

#include <gtest/gtest.h>

#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::net {
namespace {

using test::RedisServer;

std::shared_ptr<RedisClient> Connect(const RedisOptions& options) {
  auto client = RedisClient::Create(options);
  CAIRN_EXPECT_OK(client);
  return client.ok() ? *client : nullptr;
}

TEST(RedisClientCreateTest, FaultsAreListedTogether) {
  RedisOptions options;
  options.max_connections = 0;
  options.command_timeout_ns = -1;
  auto client = RedisClient::Create(options);
  if (!RedisReader::IsSupported()) {
    CAIRN_EXPECT_ERROR(client, Code::kUnsupported, "no Redis client");
    return;
  }
  CAIRN_EXPECT_ERROR(client, Code::kInvalidArgument, "max_connections must be from 1 to 1024");
  CAIRN_EXPECT_ERROR(client, Code::kInvalidArgument, "; command_timeout must be from");
}

class RedisClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (RedisServer::WhyNot().empty()) server_ = new RedisServer({"--databases", "4"});
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    CAIRN_REQUIRE_REDIS();
    CAIRN_ASSERT_OK(Connect(server_->ClientOptions())->Call({"FLUSHALL"}));
  }

  static RedisServer* server_;
};

RedisServer* RedisClientTest::server_ = nullptr;

TEST_F(RedisClientTest, ARefusedCommandIsToldApartFromALostOne) {
  auto client = Connect(server_->ClientOptions());
  CAIRN_EXPECT_ERROR(client->Call({"NOSUCH", "x"}), Code::kFailedPrecondition, "NOSUCH");
  RedisPipeline pipeline;
  pipeline.Add({"SET", "k", "v"}).Add({"INCR", "k"}).Add({"GET", "k"});
  std::vector<RedisReply> replies;
  CAIRN_ASSERT_OK(client->Execute(pipeline, &replies));
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_TRUE(replies[1].is_error());
  EXPECT_EQ(replies[2].text, "v");
  EXPECT_EQ(client->counts().failures, 0u);
}

TEST_F(RedisClientTest, EmptyPipelineAsksNobody) {
  auto client = Connect(server_->ClientOptions());
  std::vector<RedisReply> replies;
  CAIRN_EXPECT_OK(client->Execute(RedisPipeline(), &replies));
  EXPECT_EQ(client->counts().open_connections, 0u);
}

TEST_F(RedisClientTest, BytesOfAnyKindAndSizeComeBack) {
  auto client = Connect(server_->ClientOptions());
  std::string big(20 << 20, '\0');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 2654435761U >> 13);
  for (const std::string& value : {std::string(), std::string("a\0\r\nb", 5), big}) {
    CAIRN_ASSERT_OK(client->Call({"SET", client->Key("v"), value}));
    auto reply = client->Call({"GET", "cairn:v"});
    CAIRN_ASSERT_OK(reply);
    EXPECT_TRUE(reply->text == value) << value.size();
  }
  auto nothing = client->Call({"GET", client->Key("absent")});
  CAIRN_ASSERT_OK(nothing);
  EXPECT_TRUE(nothing->is_nil());
}

TEST_F(RedisClientTest, LongPipelinesBothWaysDoNotBlockEachOther) {
  auto client = Connect(server_->ClientOptions());
  const std::string value(10'000, 'v');
  RedisPipeline pipeline;
  for (int i = 0; i < 2'000; ++i) pipeline.Add({"ECHO", value});  // 20 MB there, 20 MB back
  std::vector<RedisReply> replies;
  CAIRN_ASSERT_OK(client->Execute(pipeline, &replies));
  ASSERT_EQ(replies.size(), 2'000u);
  for (const RedisReply& reply : replies) ASSERT_EQ(reply.text.size(), value.size());
}

TEST_F(RedisClientTest, RepliesAreAppended) {
  auto client = Connect(server_->ClientOptions());
  RedisPipeline pipeline;
  pipeline.Add({"ECHO", "1"});
  std::vector<RedisReply> replies;
  CAIRN_ASSERT_OK(client->Execute(pipeline, &replies));
  CAIRN_ASSERT_OK(client->Execute(pipeline, &replies));
  EXPECT_EQ(replies.size(), 2u);
  EXPECT_EQ(client->counts().commands, 2u);
  EXPECT_EQ(client->counts().open_connections, 1u);
}

TEST_F(RedisClientTest, AReplyAboveTheBoundFailsThatCallOnly) {
  RedisOptions options = server_->ClientOptions();
  options.max_reply_bytes = 100'000;
  auto client = Connect(options);
  CAIRN_ASSERT_OK(client->Call({"SET", "big", std::string(200'000, 'x')}));
  for (int i = 0; i < 5; ++i) {
    CAIRN_EXPECT_ERROR(client->Call({"GET", "big"}), Code::kOutOfRange, "larger than 100000");
  }
  CAIRN_EXPECT_OK(client->Call({"PING"}));
}

TEST_F(RedisClientTest, TcpNamesAndDatabases) {
  RedisOptions options = server_->ClientOptions();
  options.endpoint = RedisEndpoint();
  options.endpoint.host = "localhost";  // may be ::1 first, where nobody listens
  options.endpoint.port = server_->port();
  options.endpoint.database = 3;
  auto client = Connect(options);
  CAIRN_ASSERT_OK(client->Call({"SET", "where", "three"}));
  auto other = Connect(server_->ClientOptions())->Call({"GET", "where"});
  CAIRN_ASSERT_OK(other);
  EXPECT_TRUE(other->is_nil());
  options.endpoint.database = 7;
  CAIRN_EXPECT_ERROR(Connect(options)->Call({"PING"}), Code::kPermissionDenied, "out of range");
}

TEST_F(RedisClientTest, AConnectionThatTheServerClosedIsReplaced) {
  auto client = Connect(server_->ClientOptions());
  CAIRN_ASSERT_OK(client->Call({"PING"}));
  CAIRN_ASSERT_OK(Connect(server_->ClientOptions())->Call({"CLIENT", "KILL", "TYPE", "normal"}));
  CAIRN_EXPECT_OK(client->Call({"PING"}));
  EXPECT_EQ(client->counts().failures, 0u);
  EXPECT_EQ(client->counts().open_connections, 1u);
}

TEST(RedisPasswordTest, RightWrongAndMissing) {
  CAIRN_REQUIRE_REDIS();
  RedisServer server({"--requirepass", "open sesame"});
  RedisOptions options = server.ClientOptions();
  CAIRN_EXPECT_ERROR(Connect(options)->Call({"GET", "k"}), Code::kFailedPrecondition, "NOAUTH");
  options.endpoint.password = "wrong";
  CAIRN_EXPECT_ERROR(Connect(options)->Call({"PING"}), Code::kPermissionDenied, "WRONGPASS");
  options.endpoint.password = "open sesame";
  CAIRN_EXPECT_OK(Connect(options)->Call({"PING"}));
  options.endpoint.username = "default";
  options.endpoint.database = 1;
  CAIRN_EXPECT_OK(Connect(options)->Call({"PING"}));
}

}  // namespace
}  // namespace cairn::net
