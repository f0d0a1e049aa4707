#pragma once

#include <string>
#include <vector>

namespace cairn::bench {

/// `limiter --redis`: decisions per second that a Redis server gives through the store, one at a
/// time and pipelined, beside the plain GETs that the same client gets from it; and with `--outage`
/// what each policy does while the server is killed for some seconds under load.
void RunRedisLimits(const std::vector<std::string>& given);

}  // namespace cairn::bench
