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
constexpr size_t kProbeBytes = 24;

/// Lays texts over the source, one after the other.
class Aligner {
 public:
  Aligner(std::string_view source, uint64_t begin, uint64_t end)
      : source_(source.substr(0, end)), cursor_(begin) {}

  void Place(std::string_view text, uint64_t begin, TextKind kind) {
    text_begin_ = begin;
    kind_ = kind;
    if (text.find_first_not_of(" \n|") == kNone) {
      Note(0, text.size(), false);
      return;
    }
    size_t found = Find(text.substr(0, kProbeBytes));
    if (found != kNone) cursor_ = found;
    PlaceFromHere(text);
  }

  std::vector<TextSpan> spans;

 private:
  /// Where the text stands next, escapes and entities allowed for.
  size_t Find(std::string_view text) const {
    size_t end = std::min<size_t>(source_.size(), cursor_ + kWindowBytes);
    for (size_t at = cursor_; at < end; ++at) {
      if (MatchesAt(at, text)) return at;
    }
    return kNone;
  }

  bool MatchesAt(size_t at, std::string_view text) const {
    while (!text.empty()) {
      size_t shown = 1;
      size_t step = StepAt(at, text, &shown);
      if (step == 0) return false;
      at += step;
      text.remove_prefix(shown);
    }
    return true;
  }

  /// How far the source goes on at `at` while the text shows its next `shown` bytes; 0 when the two
  /// differ there.
  size_t StepAt(size_t at, std::string_view text, size_t* shown) const {
    if (size_t entity = EntityAt(at, text); entity > 0) {
      DecodeFront(text, shown);
      return entity;
    }
    *shown = 1;
    if (Ahead(at) == '\\' && Ahead(at + 1) == text[0]) return 2;
    return Ahead(at) == text[0] ? 1 : 0;
  }

  /// Notes the span text[at, at + length) at the cursor; an exact one moves it on.
  void Note(size_t at, size_t length, bool exact) {
    spans.push_back({text_begin_ + at, cursor_, kind_, exact});
    if (exact) cursor_ += length;
  }

  /// Goes over text and source side by side; where they differ the next word is looked for.
  void PlaceFromHere(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      if (size_t same = SameLength(text.substr(at)); same > 0) {
        Note(at, same, true);
        at += same;
        continue;
      }
      size_t shown = 1;
      size_t step = StepAt(cursor_, text.substr(at), &shown);
      if (step > 0) {
        Note(at, shown, false);
        cursor_ += step;
        at += shown;
      } else {
        at += SeekWord(text, at);
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

  /// Length of the entity in the source at `i`, unless the text shows it as it is.
  size_t EntityAt(size_t i, std::string_view text) const {
    if (Ahead(i) != '&') return 0;
    std::string_view ahead = source_.substr(i, kMaxEntityBytes);
    size_t semicolon = ahead.find(';');
    if (semicolon == kNone || semicolon < 2) return 0;
    if (ahead.substr(1, semicolon - 1).find_first_of(" \n&<\\") != kNone) return 0;
    size_t length = semicolon + 1;
    return text.substr(0, length) == ahead.substr(0, length) ? 0 : length;
  }

  /// Moves to the word at text[at...] if it comes soon; returns the length of what is not there.
  size_t SeekWord(std::string_view text, size_t at) {
    size_t end = std::min(text.find_first_of(" \n", at + 1), text.size());
    std::string_view word = text.substr(at, end - at);
    size_t found = Find(word.substr(0, kProbeBytes));
    if (found != kNone) {
      cursor_ = found;
      return 0;
    }
    Note(at, word.size(), false);
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
