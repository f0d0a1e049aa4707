#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "net/redis_client.h"
#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::limiter {

/// A server and a client of it; skipped where there is none.
class RedisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CAIRN_REQUIRE_REDIS();
    server_ = std::make_unique<test::RedisServer>();
    client_ = NewClient();
  }

  std::shared_ptr<net::RedisClient> NewClient() const {
    auto client = net::RedisClient::Create(server_->ClientOptions());
    CAIRN_EXPECT_OK(client);
    return client.ok() ? *client : nullptr;
  }

  std::unique_ptr<test::RedisServer> server_;
  std::shared_ptr<net::RedisClient> client_;
};

}  // namespace cairn::limiter
