#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/gate.h"
#include "net/redis_endpoint.h"

namespace cairn::net {

struct RedisOptions {
  RedisEndpoint endpoint;
  /// Put before every name that RedisClient::Key makes. Two prefixes never share a key when neither
  /// begins with the other.
  std::string key_prefix = "cairn:";
  uint32_t max_connections = 8;
  /// Bounds making one connection. A call whose own time is up before leaves the half-made
  /// connection to the next call.
  int64_t connect_timeout_ns = 50'000'000;
  /// Bounds a whole call: waiting for a connection, making one, sending, and the answers.
  int64_t command_timeout_ns = 20'000'000;
  size_t max_reply_bytes = size_t{64} << 20;
  /// Shuts the client off during an outage; null = an OutageGate of its own.
  std::shared_ptr<Gate> gate;
};

/// All that is wrong with the options, one sentence each; empty = nothing.
std::vector<std::string> FaultsOf(const RedisOptions& options);

}  // namespace cairn::net
