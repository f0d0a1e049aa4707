#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

/// A 128-bit content hash. Equality of hashes is taken as equality of content.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;

  /// 32 lower-case hexadecimal digits.
  std::string ToHex() const;
};

/// XXH3, 64 and 128 bits. Not for data that an attacker may choose to collide.
uint64_t HashBytes(std::string_view bytes, uint64_t seed = 0);
Hash128 HashContent(std::string_view bytes);

}  // namespace cairn
