#include "indexer/anchor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;

/// How far ahead a text is looked for. Link addresses and attributes fit; it bounds the time spent
/// on what is nowhere.
constexpr size_t kWindowBytes = 4096;
constexpr size_t kMaxEntityBytes = 40;

/// Lays texts over the source, one after the other.
class Aligner {
 public:
  Aligner(std::string_view source, uint64_t begin, uint64_t end)
      : source_(source.substr(0, end)), cursor_(begin) {}

  void Place(std::string_view text, uint64_t begin, TextKind kind) {
    text_begin_ = begin;
    kind_ = kind;
    size_t found = Find(text);
    if (found != kNone) {
      cursor_ = found;
      Note(0, text.size(), true);
    } else {
      PlaceLoosely(text);
    }
  }

  std::vector<TextSpan> spans;

 private:
  size_t Find(std::string_view text) const {
    size_t found = source_.substr(cursor_, kWindowBytes + text.size()).find(text);
    return found == kNone ? kNone : cursor_ + found;
  }

  /// Notes the span text[at, at + length) at the cursor; an exact one moves it on.
  void Note(size_t at, size_t length, bool exact) {
    spans.push_back({text_begin_ + at, cursor_, kind_, exact});
    if (exact) cursor_ += length;
  }

  /// Goes over text and source side by side: escapes and entities are stepped over, elsewhere the
  /// next word is looked for.
  void PlaceLoosely(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      if (size_t same = SameLength(text.substr(at)); same > 0) {
        Note(at, same, true);
        at += same;
      } else if (Escapes(text[at])) {
        ++cursor_;
      } else if (size_t entity = EntityLength(text.substr(at)); entity > 0) {
        size_t length = 0;
        DecodeFront(text.substr(at), &length);
        Note(at, length, false);
        cursor_ += entity;
        at += length;
      } else {
        at += PlaceWord(text, at);
      }
    }
  }

  char Ahead(size_t i) const { return i < source_.size() ? source_[i] : '\0'; }

  /// Length of what text and source have in common at the cursor, up to an escape or entity.
  size_t SameLength(std::string_view text) const {
    size_t same = 0;
    while (same < text.size() && cursor_ + same < source_.size() &&
           text[same] == source_[cursor_ + same]) {
      std::string_view rest = text.substr(same);
      if (text[same] == '\\' && Ahead(cursor_ + same + 1) == '\\') break;
      if (text[same] == '&' && EntityAt(cursor_ + same, rest) > 0) break;
      ++same;
    }
    return same;
  }

  bool Escapes(char shown) const { return Ahead(cursor_) == '\\' && Ahead(cursor_ + 1) == shown; }

  size_t EntityLength(std::string_view text) const { return EntityAt(cursor_, text); }

  /// Length of the entity in the source at `i`, unless the text shows it as it is.
  size_t EntityAt(size_t i, std::string_view text) const {
    if (Ahead(i) != '&') return 0;
    std::string_view ahead = source_.substr(i, kMaxEntityBytes);
    size_t semicolon = ahead.find(';');
    if (semicolon == kNone || ahead.substr(0, semicolon).find_first_of(" \n") != kNone) return 0;
    size_t length = semicolon + 1;
    return text.substr(0, length) == ahead.substr(0, length) ? 0 : length;
  }

  /// Looks for the word at text[at...]; returns its length.
  size_t PlaceWord(std::string_view text, size_t at) {
    size_t end = std::min(text.find_first_of(" \n\\&", at + 1), text.size());
    std::string_view word = text.substr(at, end - at);
    size_t found = Find(word);
    if (found != kNone) cursor_ = found;
    Note(at, word.size(), found != kNone);
    return word.size();
  }

  std::string_view source_;
  uint64_t cursor_;
  uint64_t text_begin_ = 0;
  TextKind kind_ = TextKind::kText;
};

}  // namespace

void AnchorSpans(std::string_view source, uint64_t begin, uint64_t end, VisibleText* visible) {
  Aligner aligner(source, begin, end);
  std::string_view text = visible->text;
  for (size_t i = 0; i < visible->spans.size(); ++i) {
    const TextSpan& span = visible->spans[i];
    uint64_t stop = i + 1 < visible->spans.size() ? visible->spans[i + 1].begin : text.size();
    aligner.Place(text.substr(span.begin, stop - span.begin), span.begin, span.kind);
  }
  visible->spans = std::move(aligner.spans);
}

uint64_t SourceOf(const VisibleText& visible, uint64_t offset) {
  auto after = std::upper_bound(visible.spans.begin(), visible.spans.end(), offset,
                                [](uint64_t at, const TextSpan& span) { return at < span.begin; });
  if (after == visible.spans.begin()) return 0;
  const TextSpan& span = *std::prev(after);
  return span.exact ? span.source + (offset - span.begin) : span.source;
}

}  // namespace cairn::indexer
