#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cairn::analysis {

/// What a character means to the word breaker. Letters are told apart by script because the script
/// picks the stemmer.
enum class CharClass : uint8_t {
  kOther,  ///< separates words
  kDigit,
  kExtend,       ///< combining marks and format characters: belong to what they follow
  kConnector,    ///< joins like a letter: '_' and its kin
  kQuote,        ///< joins letters, and digits: apostrophes
  kDoubleQuote,  ///< joins Hebrew letters
  kMidLetter,    ///< joins letters: middle dot
  kMidNumLet,    ///< joins letters, and digits: full stop
  kMidNum,       ///< joins digits: comma
  kEmoji,
  kRegional,  ///< half of a flag
  // Letters of scripts that put spaces between words.
  kLatin,
  kCyrillic,
  kGreek,
  kArabic,
  kHebrew,
  kArmenian,
  kDevanagari,
  kTamil,
  kOtherLetter,
  kHangul,  ///< has spaces, but particles stick to the word
  // Letters of scripts without spaces.
  kCjk,
  kThai,
  kLao,
  kKhmer,
  kMyanmar,
};
inline constexpr size_t kCharClassCount = static_cast<size_t>(CharClass::kMyanmar) + 1;

/// A letter of a script that has spaces, Hangul apart.
constexpr bool IsLetter(CharClass c) {
  return c >= CharClass::kLatin && c <= CharClass::kOtherLetter;
}
constexpr bool IsWordPart(CharClass c) { return IsLetter(c) || c == CharClass::kDigit; }
constexpr bool IsUnspaced(CharClass c) { return c >= CharClass::kCjk; }

/// One decoded character. A byte that is not part of well-formed UTF-8 counts as U+FFFD, size 1.
struct Char {
  uint32_t code = 0;
  uint32_t size = 0;  ///< bytes in the input; 0 at the end of the input
};

Char DecodeMultiByte(std::string_view text, size_t at);

/// The character at `at`; size 0 when `at` is the end.
inline Char DecodeChar(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1};
  return DecodeMultiByte(text, at);
}

/// Character classes by code point, computed once from utf8proc's categories and the script ranges
/// in the source. Thread safety: thread-safe.
class CharTable {
 public:
  CharTable();

  CharClass Class(uint32_t code) const { return static_cast<CharClass>(Packed(code) & 0x7f); }
  bool IsUpper(uint32_t code) const { return (Packed(code) & 0x80) != 0; }

 private:
  uint8_t Packed(uint32_t code) const { return code < 0x10000 ? bmp_[code] : Compute(code); }
  static uint8_t Compute(uint32_t code);

  std::array<uint8_t, 0x10000> bmp_;  // class in the low 7 bits, upper case in the top bit
};

}  // namespace cairn::analysis
