#include "analysis/normalizer.h"

#include <algorithm>

#include <utf8proc.h>

namespace cairn::analysis {
namespace {

constexpr int kFoldOptions =
    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;

void AppendCode(int32_t code, std::string* out) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(code, bytes);
  for (utf8proc_ssize_t i = 0; i < size; ++i) out->push_back(static_cast<char>(bytes[i]));
}

int32_t PlainQuote(int32_t code) {
  switch (code) {
    case 0x2018:
    case 0x2019:
    case 0x2bc:
    case 0x5f3:
      return '\'';
    case 0x5f4:
      return '"';
    default:
      return code;
  }
}

/// The plain spelling of Latin letters that have no decomposition; empty for all others.
std::string_view PlainLetter(int32_t code) {
  switch (code) {
    case 0xe6:  // ae
      return "ae";
    case 0x153:  // oe
      return "oe";
    case 0xfe:  // thorn
      return "th";
    case 0xf8:  // o with stroke
      return "o";
    case 0xf0:   // eth
    case 0x111:  // d with stroke
      return "d";
    case 0x127:  // h with stroke
      return "h";
    case 0x131:  // dotless i
      return "i";
    case 0x142:  // l with stroke
      return "l";
    case 0x167:  // t with stroke
      return "t";
    default:
      return {};
  }
}

}  // namespace

size_t Normalizer::Decompose(std::string_view in, int options) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(in.data());
  const auto size = static_cast<utf8proc_ssize_t>(in.size());
  const auto flags = static_cast<utf8proc_option_t>(options);
  if (codes_.empty()) codes_.resize(256);
  for (;;) {
    const auto capacity = static_cast<utf8proc_ssize_t>(codes_.size());
    const auto count = utf8proc_decompose(bytes, size, codes_.data(), capacity, flags);
    if (count < 0) return 0;
    if (count <= capacity) return static_cast<size_t>(count);
    codes_.resize(static_cast<size_t>(count));
  }
}

void Normalizer::Fold(std::string_view in, std::string* out) {
  out->clear();
  const size_t count = Decompose(in, kFoldOptions);
  const auto composed =
      utf8proc_normalize_utf32(codes_.data(), static_cast<utf8proc_ssize_t>(count),
                               static_cast<utf8proc_option_t>(kFoldOptions));
  for (utf8proc_ssize_t i = 0; i < composed; ++i) {
    AppendCode(PlainQuote(codes_[static_cast<size_t>(i)]), out);
  }
}

void Normalizer::StripMarks(std::string_view folded, std::string* out) {
  out->clear();
  const size_t count = Decompose(folded, UTF8PROC_DECOMPOSE);
  for (size_t i = 0; i < count; ++i) {
    if (utf8proc_category(codes_[i]) == UTF8PROC_CATEGORY_MN) continue;
    const std::string_view plain = PlainLetter(codes_[i]);
    if (plain.empty()) {
      AppendCode(codes_[i], out);
    } else {
      out->append(plain);
    }
  }
}

}  // namespace cairn::analysis
