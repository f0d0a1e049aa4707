#include "indexer/split.h"

#include <algorithm>
#include <string_view>

#include "indexer/anchor.h"
#include "indexer/lines.h"
#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;

/// End of the last sentence that ends in text[from, to), or npos.
size_t SentenceEnd(std::string_view text, size_t from, size_t to) {
  for (size_t i = to; i-- > from + 1;) {
    char mark = text[i - 1];
    if ((text[i] == ' ' || text[i] == '\n') && (mark == '.' || mark == '!' || mark == '?')) {
      return i;
    }
    std::string_view wide = i >= 3 ? text.substr(i - 3, 3) : "";
    if (i >= from + 3 && (wide == "。" || wide == "！" || wide == "？")) return i;
  }
  return kNone;
}

/// Where to end the piece that starts at the front of `text` and has room for `room` bytes.
size_t ChooseCut(std::string_view text, size_t room) {
  size_t from = room / 3;
  std::string_view head = text.substr(0, room);
  size_t blank = head.rfind("\n\n");
  if (blank != kNone && blank >= from && blank > 0) return blank + 1;
  size_t line = head.rfind('\n');
  if (line != kNone && line >= from && line > 0) return line + 1;
  size_t sentence = SentenceEnd(text, from, room);
  if (sentence != kNone) return std::min(text.find_first_not_of(" \n", sentence), text.size());
  size_t space = head.find_last_of(" \t\n");
  if (space != kNone && space > 0) return space + 1;
  return room;
}

}  // namespace

std::vector<Block> SplitBlock(const Block& block, uint32_t max_tokens) {
  std::vector<Block> pieces;
  std::string_view text = block.visible.text;
  size_t at = 0;
  while (at < text.size()) {
    std::string_view rest = text.substr(at);
    size_t room = PrefixWithin(rest, max_tokens);
    size_t cut = room < rest.size() ? ChooseCut(rest, room) : room;
    std::string_view piece = rest.substr(0, cut);
    if (!Trim(piece).empty()) {
      Block part;
      part.begin = block.begin;
      if (!pieces.empty()) {
        size_t first = at + static_cast<size_t>(Trim(piece).data() - piece.data());
        part.begin = std::clamp(SourceOf(block.visible, first), pieces.back().begin, block.end);
        pieces.back().end = part.begin;
      }
      part.end = block.end;
      part.visible.text = std::string(piece);
      part.tokens = CountTokens(piece);
      part.group = block.group;
      pieces.push_back(std::move(part));
    }
    at += cut;
  }
  return pieces;
}

}  // namespace cairn::indexer
