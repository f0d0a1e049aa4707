#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cairn::indexer {

/// Where the lines of a text start. A line ends with LF, CRLF or a lone CR, as in CommonMark.
/// Numbers count from 1; numbers out of range are clamped.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  size_t count() const { return starts_.size(); }
  /// Number of the line that holds the byte at `offset`.
  size_t LineOf(uint64_t offset) const;
  /// Offset of the line's first byte.
  uint64_t Begin(size_t line) const;
  /// Offset behind the line's last byte, line ending left out.
  uint64_t End(size_t line) const;

 private:
  std::string_view text_;
  std::vector<uint64_t> starts_;
};

/// Takes the first line, with its ending, off the front of `rest`. Returns it without the ending.
std::string_view TakeLine(std::string_view* rest);

/// `text` without ASCII whitespace at both ends.
std::string_view Trim(std::string_view text);

/// ASCII letters in lower case, all other bytes as they are.
char LowerAscii(char c);

}  // namespace cairn::indexer
