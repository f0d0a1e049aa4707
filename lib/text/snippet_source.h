#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::text {

/// A text on one line: every run of white space and control characters is one space, none at the
/// ends, malformed bytes are U+FFFD.
struct FlatText {
  std::string text;
  std::vector<uint32_t> sentence_starts;  ///< ascending, the first is 0; empty for empty text
};

FlatText Flatten(std::string_view text);

// Places in well-formed UTF-8. `at` and what is returned are on character boundaries.
size_t CountChars(std::string_view text);
/// The place `chars` characters after `at`, or the end.
size_t Advance(std::string_view text, size_t at, size_t chars);
/// The place `chars` characters before `at`, or the beginning.
size_t Retreat(std::string_view text, size_t at, size_t chars);

}  // namespace cairn::text
