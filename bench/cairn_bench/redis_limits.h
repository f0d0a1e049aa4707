#pragma once

#include <cstdint>
#include <string>

namespace cairn::bench {

struct RedisLimitsOptions {
  std::string url;              ///< empty = a redis-server of its own, ended at the end
  std::string algorithm;        ///< gcra, fixed or sliding
  uint32_t keys = 1000;         ///< chosen evenly
  uint32_t threads = 16;        ///< that wait for an answer each, at the same time
  uint32_t batch = 32;          ///< decisions of a pipeline
  uint32_t rounds = 3;          ///< each figure is the best of
  uint32_t seconds = 1;         ///< of each measurement
  uint32_t outage_seconds = 0;  ///< how long the server is dead under load; 0 = not
};

/// Decisions per second that a Redis server gives through the store, one at a time and pipelined,
/// beside the plain GETs that the same client gets from it.
void MeasureRedisLimits(const RedisLimitsOptions& options);

}  // namespace cairn::bench
