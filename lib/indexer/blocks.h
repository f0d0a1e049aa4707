#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::indexer {

enum class TextKind : uint8_t { kText, kCode, kLink };

/// A stretch of visible text and where it stands in the source.
struct TextSpan {
  uint64_t begin = 0;   ///< offset in the visible text; it reaches to the next span's begin
  uint64_t source = 0;  ///< offset in the source
  TextKind kind = TextKind::kText;
  bool exact = false;  ///< the source holds the same bytes there; else `source` is only near
};

/// What a reader sees of a piece of source.
struct VisibleText {
  std::string text;
  std::vector<TextSpan> spans;  ///< in order of `begin`, the first at 0; `source` never decreases

  void Append(std::string_view piece, TextKind kind) {
    if (piece.empty()) return;
    spans.push_back({text.size(), 0, kind, false});
    text.append(piece);
  }
  void AppendExact(std::string_view piece, uint64_t source) {
    if (piece.empty()) return;
    spans.push_back({text.size(), source, TextKind::kText, true});
    text.append(piece);
  }
};

/// One leaf of the document: a paragraph, heading, code block, table row, HTML block. It covers
/// whole lines of the source, which no other block shares.
struct Block {
  uint64_t begin = 0;
  uint64_t end = 0;
  VisibleText visible;
  uint32_t tokens = 0;
  uint8_t heading_level = 0;  ///< 1 to 6 for a heading that opens a section, else 0
  uint32_t group = 0;         ///< not 0: number of the list or table that the block belongs to
};

}  // namespace cairn::indexer
