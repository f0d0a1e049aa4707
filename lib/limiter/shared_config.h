#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "limiter/shared_limiter.h"
#include "net/redis_options.h"

namespace cairn::limiter {

/// Where limits are kept that several processes share, and how to ask for them.
struct SharedSettings {
  net::RedisOptions redis;
  bool spread = false;  ///< see RedisStore
  SharedLimiter::Options options;
};

/// The member "redis" of a configuration, if there is one:
///
///   {"url": "redis://user:password@host:6379/0", "prefix": "cairn:", "deadline_ms": 20,
///    "connections": 8, "outage": "local", "spread": false}
///
/// Instead of url: host and port. outage: what a request gets while Redis does not answer: "local"
/// (this process's limits decide), "fail_open" or "fail_closed". Appends what is wrong with it.
std::optional<SharedSettings> ReadShared(const json::object& root,
                                         std::vector<std::string>* faults);

}  // namespace cairn::limiter
