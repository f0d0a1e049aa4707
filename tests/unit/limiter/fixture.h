#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "limiter/limiter.h"

namespace cairn::limiter {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;

inline Rule MakeRule(Algorithm algorithm, uint64_t limit, int64_t window_ns, uint64_t burst = 0) {
  return {std::string(AlgorithmName(algorithm)), algorithm, limit, window_ns, burst, 0};
}

inline Policy MakePolicy(std::vector<Rule> rules, uint64_t memory_bytes = 1 << 20) {
  for (size_t i = 0; i < rules.size(); ++i) rules[i].name += std::to_string(i);
  return {"test", std::move(rules), Overflow::kShared, memory_bytes};
}

/// One policy on a clock that only moves when told to.
class OnePolicy {
 public:
  explicit OnePolicy(const Policy& policy, Limiter::Options options = {}) {
    options.clock = &clock;
    if (options.seed == 0) options.seed = 7;
    auto made = Limiter::Create(std::span(&policy, 1), options);
    if (!made.ok()) ADD_FAILURE() << made.status().message();
    limiter = std::move(made).value();
  }

  Key Of(std::string_view key) const { return limiter->hasher().Of(key); }
  Decision Check(std::string_view key = "k", uint64_t cost = 1) {
    return limiter->Check(id, Of(key), cost);
  }
  Decision Peek(std::string_view key = "k", uint64_t cost = 1) {
    return limiter->Peek(id, Of(key), cost);
  }
  /// How many of `count` requests pass.
  uint64_t CheckMany(uint64_t count, std::string_view key = "k") {
    uint64_t passed = 0;
    for (uint64_t i = 0; i < count; ++i) passed += Check(key).allowed() ? 1 : 0;
    return passed;
  }

  ManualClock clock{1'000'000'007};
  PolicyId id{0};
  std::unique_ptr<Limiter> limiter;
};

}  // namespace cairn::limiter
