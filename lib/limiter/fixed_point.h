#pragma once

#include <cstdint>
#include <limits>

namespace cairn::limiter {

__extension__ using Uint128 = unsigned __int128;

/// The upper half of a product.
inline uint64_t MulHigh(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((static_cast<Uint128>(a) * b) >> 64);
}

/// Integer division by a number known beforehand, for dividends below 2^62: the quotient of the
/// reciprocal is never too large and at most one too small.
class Divisor {
 public:
  Divisor() : Divisor(1) {}
  explicit Divisor(uint64_t divisor)
      : divisor_(divisor),
        reciprocal_(divisor <= 1 ? std::numeric_limits<uint64_t>::max()
                                 : static_cast<uint64_t>((Uint128{1} << 64) / divisor)) {}

  uint64_t value() const { return divisor_; }
  uint64_t Quotient(uint64_t dividend) const {
    const uint64_t guess = MulHigh(dividend, reciprocal_);
    return guess + (dividend - guess * divisor_ >= divisor_ ? 1 : 0);
  }

 private:
  uint64_t divisor_;
  uint64_t reciprocal_;
};

/// Multiplication by a fraction below 64, without error that adds up: 58 bits after the point.
class Factor {
 public:
  Factor() = default;
  /// numerator < 2^64 and denominator in (0, 2^64); the fraction is rounded down.
  Factor(Uint128 numerator, uint64_t denominator)
      : factor_(static_cast<uint64_t>((numerator << kFractionBits) / denominator)) {}

  /// Rounded down; at most 2^62.
  uint64_t Times(uint64_t value) const {
    const Uint128 product = static_cast<Uint128>(value) * factor_;
    const uint64_t high = static_cast<uint64_t>(product >> 64);
    if (high >= kMostHigh) [[unlikely]]
      return kMost;
    return high << (64 - kFractionBits) | static_cast<uint64_t>(product) >> kFractionBits;
  }

 private:
  static constexpr int kFractionBits = 58;
  static constexpr uint64_t kMost = uint64_t{1} << 62;
  static constexpr uint64_t kMostHigh = kMost >> (64 - kFractionBits);
  uint64_t factor_ = 0;
};

}  // namespace cairn::limiter
