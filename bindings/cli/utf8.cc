#include "utf8.h"

#include <wchar.h>

#include <cstdint>

namespace cairn::cli {
namespace {

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

/// Characters that break the line or turn the direction of what follows.
bool IsLayoutControl(char32_t c) {
  return c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

std::string Sanitize(std::string_view text, bool keep_lines) {
  std::string clean;
  clean.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    const bool kept_control = keep_lines && (point.value == '\n' || point.value == '\t');
    if (!point.valid) {
      clean += '?';
    } else if (!kept_control && (IsControl(point.value) || IsLayoutControl(point.value))) {
      clean.append(point.size_bytes, ' ');
    } else {
      clean.append(text.substr(at, point.size_bytes));
    }
    at += point.size_bytes;
  }
  return clean;
}

}  // namespace

CodePoint DecodeAt(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  const CodePoint broken{0xFFFD, 1, false};
  const size_t size = SequenceLength(byte(0));
  if (size == 0 || size > text.size() - offset) return broken;
  if (size == 1) return {byte(0), 1, true};
  char32_t value = byte(0) & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return broken;
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return broken;
  return {value, size, true};
}

size_t ColumnsOf(char32_t code_point) {
  const int columns = wcwidth(static_cast<wchar_t>(code_point));
  return columns < 0 ? 1 : static_cast<size_t>(columns);
}

size_t ColumnsOf(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    columns += ColumnsOf(point.value);
    at += point.size_bytes;
  }
  return columns;
}

std::string Printable(std::string_view text) { return Sanitize(text, false); }

std::string PrintableLines(std::string_view text) { return Sanitize(text, true); }

}  // namespace cairn::cli
