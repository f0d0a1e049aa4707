#include "net/redis_endpoint.h"

#include <gtest/gtest.h>

#include "net/redis_options.h"
#include "support/matchers.h"

namespace cairn::net {
namespace {

TEST(RedisUrlTest, WhatIsWrongIsSaid) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"", "must begin with redis:// or unix://"},
      {"http://x", "must begin with redis:// or unix://"},
      {"redis://", "host is empty"},
      {"redis://:0", "host is empty"},
      {"redis://host:", "port '' is not a number"},
      {"redis://host:0", "port is 0"},
      {"redis://host:65536", "port '65536'"},
      {"redis://host:12x", "port '12x'"},
      {"redis://host/-1", "database '-1'"},
      {"redis://host/1/2", "database '1/2'"},
      {"redis://host?db=1", "parameters after '?'"},
      {"redis://user@host", "user:password"},
      {"redis://user:@host", "user 'user' has no password"},
      {"redis://:a%4@host", "in the password a '%'"},
      {"redis://[::1", "closing bracket"},
      {"redis://[::1]x", "unexpected 'x'"},
      {"unix://tmp/socket", "begins with '/'"},
      {"unix:///tmp/socket?database=3", "db, not 'database=3'"},
      {"unix:///tmp/%00", "begins with '/'"},
  };
  for (const auto& [url, words] : kWrong) {
    CAIRN_EXPECT_ERROR(ParseRedisUrl(url), Code::kInvalidArgument, words);
  }
  CAIRN_EXPECT_ERROR(ParseRedisUrl("rediss://host"), Code::kUnsupported, "TLS");
  CAIRN_EXPECT_ERROR(ParseRedisUrl("unix:///" + std::string(200, 'x')), Code::kInvalidArgument,
                     "at most 107 bytes, this one has 201");
}

TEST(RedisUrlTest, NoMessageRepeatsThePassword) {
  for (const char* url : {"redis://me:secret@:12", "redis://me:secret@host:x",
                          "unix://me:secret@/tmp/x?y=1", "redis://me:secret%@host"}) {
    const auto endpoint = ParseRedisUrl(url);
    ASSERT_FALSE(endpoint.ok()) << url;
    EXPECT_EQ(endpoint.status().message().find("secret"), std::string_view::npos) << url;
  }
}

TEST(RedisUrlTest, TcpPartsAndDefaults) {
  auto endpoint = ParseRedisUrl("redis://cache.example");
  CAIRN_ASSERT_OK(endpoint);
  EXPECT_EQ(endpoint->host, "cache.example");
  EXPECT_EQ(endpoint->port, 6379);
  EXPECT_EQ(endpoint->database, 0u);
  EXPECT_EQ(endpoint->Where(), "cache.example:6379");

  endpoint = ParseRedisUrl("redis://me:p%40ss/w:rd@[::1]:7000/15");
  CAIRN_ASSERT_OK(endpoint);
  EXPECT_EQ(endpoint->username, "me");
  EXPECT_EQ(endpoint->password, "p@ss/w:rd");
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->port, 7000);
  EXPECT_EQ(endpoint->database, 15u);
  EXPECT_EQ(endpoint->Where(), "[::1]:7000");

  endpoint = ParseRedisUrl("redis://:pw@10.0.0.1/");
  CAIRN_ASSERT_OK(endpoint);
  EXPECT_EQ(endpoint->username, "");
  EXPECT_EQ(endpoint->password, "pw");
}

TEST(RedisUrlTest, UnixSockets) {
  auto endpoint = ParseRedisUrl("unix://:pw@/run/my%20redis.sock?db=3");
  CAIRN_ASSERT_OK(endpoint);
  EXPECT_EQ(endpoint->socket_path, "/run/my redis.sock");
  EXPECT_EQ(endpoint->password, "pw");
  EXPECT_EQ(endpoint->database, 3u);
  EXPECT_EQ(endpoint->Where(), "unix:///run/my redis.sock");
}

TEST(RedisOptionsTest, AllFaultsAreListed) {
  RedisOptions options;
  EXPECT_TRUE(FaultsOf(options).empty());
  options.endpoint.host.clear();
  options.endpoint.port = 0;
  options.endpoint.username = "me";
  options.max_connections = 0;
  options.connect_timeout_ns = 0;
  options.command_timeout_ns = INT64_MAX;
  options.max_reply_bytes = 1;
  options.key_prefix = "a{b";
  EXPECT_EQ(FaultsOf(options).size(), 8u);
  options.key_prefix = std::string(300, 'x');
  EXPECT_EQ(FaultsOf(options).size(), 8u);
}

}  // namespace
}  // namespace cairn::net
