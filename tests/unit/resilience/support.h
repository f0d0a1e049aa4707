#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "resilience/circuit_breaker.h"
#include "resilience/random.h"

namespace cairn::resilience {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1'000 * kMs;

/// Every number is the same.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(uint64_t value) : value_(value) {}
  uint64_t Next() override { return value_; }

 private:
  const uint64_t value_;
};

inline Random* NoJitter() {
  static ConstantRandom random(0);
  return &random;
}

/// A breaker on a clock of its own, without jitter unless the options say otherwise.
struct TestBreaker {
  explicit TestBreaker(BreakerOptions options = {}, Random* random = NoJitter()) {
    if (options.name.empty()) options.name = "target";
    auto made = CircuitBreaker::Create(std::move(options), &clock, random);
    EXPECT_TRUE(made.ok()) << made.status().message();
    breaker = std::move(made).value();
  }
  CircuitBreaker* operator->() const { return breaker.get(); }

  /// One call that ends with `code`; false when it was refused.
  bool Call(Code code = Code::kOk, int64_t takes_ns = 0) {
    BreakerAdmission admission = breaker->Acquire();
    if (!admission.admitted) return false;
    clock.Advance(takes_ns);
    breaker->Record(admission.permit, code);
    return true;
  }
  void Fail(int times) {
    for (int i = 0; i < times; ++i) EXPECT_TRUE(Call(Code::kUnavailable));
  }

  ManualClock clock{1'000 * kSecond};
  std::unique_ptr<CircuitBreaker> breaker;
};

}  // namespace cairn::resilience
