#include "resilience/random.h"

#include "base/clock.h"

namespace cairn::resilience {

uint64_t SeededRandom::Next() {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  uint64_t z = state_.fetch_add(kStep, std::memory_order_relaxed) + kStep;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Random* Random::System() {
  // Two clocks and an address that the system randomises: enough to keep processes out of step.
  static SeededRandom random(static_cast<uint64_t>(Clock::System()->UnixNs()) ^
                             (static_cast<uint64_t>(Clock::System()->MonotonicNs()) << 20) ^
                             reinterpret_cast<uintptr_t>(&random));
  return &random;
}

}  // namespace cairn::resilience
