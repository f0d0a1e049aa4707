#pragma once

#include <cstdint>
#include <string_view>

#include "analysis/char_class.h"

namespace cairn::analysis {

/// A stretch of text that the analyzer treats as one thing.
struct Segment {
  enum class Kind : uint8_t {
    kWord,      ///< letters and digits of scripts with spaces
    kHangul,    ///< a Korean word
    kUnspaced,  ///< a run of a script without spaces
    kEmoji,
  };
  Kind kind = Kind::kWord;
  uint32_t begin = 0;
  uint32_t end = 0;
  // The rest is for kWord only.
  uint32_t suffix_end = 0;               ///< end of a "++" or "#" that belongs to the word, or 0
  CharClass script = CharClass::kOther;  ///< of every letter; kOther when none or mixed
  bool ascii = true;
  bool has_digit = false;
  bool has_letter = false;
  bool joined = false;  ///< holds a connector, full stop or comma inside
  bool camel = false;   ///< an upper-case letter after the first, and a lower-case one
};

/// Cuts text into segments by the word-break rules of UAX #29, with these differences:
///   - a colon never joins;
///   - connectors are cut off both ends of a word ("_word_", "__init__");
///   - Hangul and the other scripts each break from one another;
///   - runs of scripts without spaces come out whole;
///   - emoji sequences and flags come out as segments;
///   - "C++", "C#" keep their signs as `suffix_end`.
/// Anything that is not well-formed UTF-8 separates.
///
/// Thread safety: single-threaded. Borrows the text and the table.
class Segmenter {
 public:
  struct Options {
    bool apostrophe_joins = true;  ///< false for languages with elision (l'amour)
  };

  Segmenter(std::string_view text, const CharTable& table, const Options& options)
      : text_(text), table_(table), options_(options) {}

  /// False at the end of the text.
  bool Next(Segment* segment);

 private:
  struct Item {
    uint32_t size = 0;
    uint32_t code = 0;
    CharClass value = CharClass::kOther;
  };
  Item At(size_t at) const {
    const Char c = DecodeChar(text_, at);
    return {c.size, c.code, c.size == 0 ? CharClass::kOther : table_.Class(c.code)};
  }
  size_t SkipExtend(size_t at) const;
  bool Joins(CharClass before, CharClass middle, CharClass after) const;
  bool ScanWord(Segment* segment);
  void TakeWordPart(const Item& item, Segment* segment) const;
  uint32_t SuffixEnd(const Segment& segment) const;
  void ScanRun(CharClass value, Segment* segment);
  void ScanEmoji(Segment* segment);
  bool ScanFlag(Segment* segment);

  std::string_view text_;
  const CharTable& table_;
  Options options_;
  size_t at_ = 0;
};

}  // namespace cairn::analysis
