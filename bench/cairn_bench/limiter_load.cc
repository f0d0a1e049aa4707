#include "cairn_bench/limiter_load.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace cairn::bench {

std::vector<uint32_t> MakeKeyOrder(uint32_t keys, double exponent, uint32_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> order(count);
  if (exponent == 0) {
    for (uint32_t& key : order) key = static_cast<uint32_t>(random() % keys);
    return order;
  }
  std::vector<double> sums(keys);
  double sum = 0;
  for (uint32_t rank = 0; rank < keys; ++rank) {
    sum += std::pow(rank + 1.0, -exponent);
    sums[rank] = sum;
  }
  std::uniform_real_distribution<double> uniform(0, sum);
  for (uint32_t& key : order) {
    const auto rank = std::lower_bound(sums.begin(), sums.end(), uniform(random)) - sums.begin();
    key = std::min(static_cast<uint32_t>(rank), keys - 1);
  }
  return order;
}

}  // namespace cairn::bench
