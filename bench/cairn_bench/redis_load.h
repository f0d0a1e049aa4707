#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/status.h"

namespace cairn::bench {

inline constexpr int64_t kSecondNs = 1'000'000'000;

/// What some threads did together.
struct Load {
  double per_second = 0;
  std::vector<double> latencies;  ///< of steps, in seconds
};

/// One step of a thread; returns how many operations it was.
using Step = std::function<size_t(uint64_t* random)>;

/// Runs a step of its own in each thread, again and again.
Load RunThreads(uint32_t thread_count, double seconds, const std::function<Step()>& make_step);

/// A pseudo-random number below 2^31, by a linear congruential generator.
uint64_t NextRandom(uint64_t* state);

template <typename T>
T OrThrow(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(std::string(result.status().message()));
  return std::move(result).value();
}
inline void OrThrow(const Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

}  // namespace cairn::bench
