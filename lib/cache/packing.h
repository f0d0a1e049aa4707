#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::cache {

/// Values made smaller: four bytes with the size that it has unpacked, least significant first,
/// then one LZ4 block. Thread safety: thread-safe.
class Packing {
 public:
  /// False in a build without LZ4: then Pack packs nothing and Unpack finds nothing right.
  static bool available();

  /// True when *out holds the value packed; false when that would save less than an eighth, or
  /// there is no memory for it.
  static bool Pack(std::string_view value, std::string* out);

  /// What a packed value has unpacked; 0 when it cannot be one.
  static size_t SizeOf(std::string_view packed);
  /// Into exactly SizeOf bytes. False when they are not what was packed.
  static bool Unpack(std::string_view packed, char* out);

 private:
  static constexpr size_t kSizeBytes = 4;
};

}  // namespace cairn::cache
