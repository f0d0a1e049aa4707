#pragma once

#include <atomic>
#include <cstdint>

namespace cairn::resilience {

/// Where jitter comes from, injected so that tests can repeat it. Thread safety: thread-safe.
class Random {
 public:
  virtual ~Random() = default;

  /// 64 bits, each as likely 0 as 1.
  virtual uint64_t Next() = 0;

  /// Evenly spread in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  /// One that starts differently in every process. Lives for ever.
  static Random* System();
};

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), whose
/// state is a mere counter and so needs no lock. Thread safety: thread-safe, lock-free.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  std::atomic<uint64_t> state_;  // relaxed: only that no two calls see the same value matters
};

}  // namespace cairn::resilience
