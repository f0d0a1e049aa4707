#include "base/bytes.h"

#include <bit>

namespace cairn {

void ByteWriter::Big32(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) Byte(static_cast<uint8_t>(value >> shift));
}

void ByteWriter::Big64(uint64_t value) {
  Big32(static_cast<uint32_t>(value >> 32));
  Big32(static_cast<uint32_t>(value));
}

void ByteWriter::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
  Byte(static_cast<uint8_t>(value));
}

void ByteWriter::SignedVarint(int64_t value) {
  Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void ByteWriter::Float(float value) { Big32(std::bit_cast<uint32_t>(value)); }

void ByteWriter::Text(std::string_view bytes) {
  Varint(bytes.size());
  Raw(bytes);
}

std::string_view ByteReader::Raw(size_t size) {
  if (failed_ || size > in_.size()) {
    failed_ = true;
    return {};
  }
  std::string_view bytes = in_.substr(0, size);
  in_.remove_prefix(size);
  return bytes;
}

uint8_t ByteReader::Byte() {
  std::string_view bytes = Raw(1);
  return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
}

uint32_t ByteReader::Big32() {
  uint32_t value = 0;
  for (char c : Raw(4)) value = (value << 8) | static_cast<uint8_t>(c);
  return value;
}

uint64_t ByteReader::Big64() {
  uint64_t high = Big32();
  return (high << 32) | Big32();
}

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = Byte();
    if (failed_) return 0;
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  failed_ = true;
  return 0;
}

int64_t ByteReader::SignedVarint() {
  uint64_t raw = Varint();
  return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
}

float ByteReader::Float() { return std::bit_cast<float>(Big32()); }

std::string_view ByteReader::Text() { return Raw(Varint()); }

Status ByteReader::Finish(std::string_view what) const {
  if (failed_) return Error(Code::kDataLoss, what, " is shorter than its fields");
  if (!in_.empty()) return Error(Code::kDataLoss, what, " has ", in_.size(), " bytes too many");
  return OkStatus();
}

namespace {

/// Length of the well-formed sequence at the front of `in`, or 0.
size_t SequenceLength(std::string_view in) {
  auto at = [&](size_t i) { return static_cast<uint8_t>(in[i]); };
  uint8_t first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (in.size() < length) return 0;
  uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t length = SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ToValidUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    size_t length = SequenceLength(bytes);
    out.append(length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length));
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace cairn
