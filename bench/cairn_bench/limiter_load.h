#pragma once

#include <cstdint>
#include <vector>

namespace cairn::bench {

/// Key numbers below `keys` in the order of their requests: by a Zipf law of that exponent (0 = all
/// alike), each number scattered over the key space. Cut to `count` numbers.
std::vector<uint32_t> MakeKeyOrder(uint32_t keys, double exponent, uint32_t count, uint64_t seed);

}  // namespace cairn::bench
