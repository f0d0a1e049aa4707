#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/char_class.h"

namespace cairn::analysis {

/// One part of a compound word.
struct Part {
  uint32_t begin = 0;  ///< byte offsets into the word
  uint32_t end = 0;
  CharClass script = CharClass::kOther;  ///< of every letter; kOther when none or mixed
  uint32_t letters = 0;
  uint32_t digits = 0;
};

/// Cuts identifiers, dotted names and numbers at connectors, full stops, commas and changes of
/// case: "fooBar", "HTTPServer", "snake_case", "1.2.3". A plural s stays on capitals ("URLs").
void SplitCompound(std::string_view word, const CharTable& table, std::vector<Part>* parts);

/// True for single ASCII letters with full stops between them: "u.s.a".
bool IsAcronym(std::string_view folded);

/// True for digits grouped by commas in threes, with or without a decimal part: "1,234.5".
bool IsGroupedNumber(std::string_view word);

}  // namespace cairn::analysis
