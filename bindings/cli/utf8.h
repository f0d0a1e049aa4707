#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::cli {

/// One code point of a text.
struct CodePoint {
  char32_t value = 0;
  size_t size_bytes = 0;  ///< in the source; 1 for a byte that is not UTF-8
  bool valid = false;
};

/// The code point at `offset`, which must lie within the text.
CodePoint DecodeAt(std::string_view text, size_t offset);

/// Columns that a terminal gives to a code point: 0, 1 or 2.
size_t ColumnsOf(char32_t code_point);

/// Columns of a whole text.
size_t ColumnsOf(std::string_view text);

/// The text on one line and free of anything a terminal would obey: white space and control
/// characters become spaces, bytes that are not UTF-8 become '?'. Keeps the number of bytes, so
/// that offsets into the text stay right.
std::string Printable(std::string_view text);

/// The text safe for a terminal, with its lines and tabs kept.
std::string PrintableLines(std::string_view text);

}  // namespace cairn::cli
