#pragma once

#include <cstdint>

#include "support/redis_server.h"

namespace cairn::bench {

/// For each choice of what happens in an outage: threads that ask a SharedLimiter while the server
/// is killed, stays away for `seconds` and comes back. Prints what they were told, how long the
/// calls took, and how long after the server's return the store decided again.
void MeasureRedisOutage(uint32_t seconds, test::RedisServer* server);

}  // namespace cairn::bench
