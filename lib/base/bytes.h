#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn {

/// Appends values in the on-disk encodings: big-endian fixed width for keys (so that byte order is
/// numeric order), LEB128 varints and length-led strings for values.
class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}
  void Byte(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void Big32(uint32_t value);
  void Big64(uint64_t value);
  void Varint(uint64_t value);
  /// Zigzag, so that small negative numbers stay short.
  void SignedVarint(int64_t value);
  void Float(float value);
  void Raw(std::string_view bytes) { out_->append(bytes); }
  void Text(std::string_view bytes);

 private:
  std::string* out_;
};

/// Reads what ByteWriter wrote. A read past the end or a malformed varint sets `failed()` and
/// yields zero or empty values from then on; check once at the end with `Finish`.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}
  uint8_t Byte();
  uint32_t Big32();
  uint64_t Big64();
  uint64_t Varint();
  int64_t SignedVarint();
  float Float();
  std::string_view Raw(size_t size);
  std::string_view Text();

  size_t remaining() const { return in_.size(); }
  bool failed() const { return failed_; }
  /// data_loss naming `what` when a read failed or bytes are left over.
  Status Finish(std::string_view what) const;

 private:
  std::string_view in_;
  bool failed_ = false;
};

/// True when `bytes` is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool IsValidUtf8(std::string_view bytes);

/// `bytes` with every malformed sequence replaced by U+FFFD.
std::string ToValidUtf8(std::string_view bytes);

}  // namespace cairn
