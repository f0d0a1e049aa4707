#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "limiter/fixed_point.h"

namespace cairn::limiter {

/// What a limiter knows of a key: 64 bits that depend on a secret of the process. Two of ten
/// million keys share one, and then an allowance, with a probability of about 3 in a million.
struct Key {
  uint64_t hash = 1;  ///< not 0
};

/// Makes keys. Thread safety: thread-compatible.
class KeyHasher {
 public:
  explicit KeyHasher(uint64_t seed) : seed_(seed) {}

  Key Of(std::string_view bytes) const { return {NotZero(HashBytes(bytes, seed_))}; }

  /// Of a number, an address or a row for instance; differs from that of the bytes.
  Key Of(uint64_t number) const {
    const Uint128 product = static_cast<Uint128>(number ^ seed_ ^ 0x9e3779b97f4a7c15) *
                            (0xa0761d6478bd642f ^ (seed_ << 32 | seed_ >> 32));
    const uint64_t folded = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    return {NotZero((folded ^ folded >> 29) * 0xe7037ed1a0b428db)};
  }

  /// Of several parts, client and operation for instance. Where one part ends matters.
  Key Of(std::span<const std::string_view> parts) const {
    uint64_t hash = seed_;
    for (std::string_view part : parts) hash = HashBytes(part, hash ^ part.size());
    return {NotZero(hash)};
  }

 private:
  static uint64_t NotZero(uint64_t hash) { return hash == 0 ? 1 : hash; }

  uint64_t seed_;
};

}  // namespace cairn::limiter
