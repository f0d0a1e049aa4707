#include "text/snippet.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "text/query_terms.h"
#include "text/snippet_source.h"

namespace cairn::text {
namespace {

constexpr std::string_view kEllipsis = "...";
/// How far to look for a space at which to cut.
constexpr size_t kMaxWordChars = 30;

/// A token of the text that is a form of a word of the query.
struct Match {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t word = 0;      ///< which word of the query
  size_t char_begin = 0;  ///< the same places in characters
  size_t char_end = 0;
};

struct Range {
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Match> FindMatches(const analysis::Analyzer& analyzer, const QueryTerms& query,
                               std::string_view text) {
  std::unordered_map<std::string_view, uint32_t> words;
  for (uint32_t slot = 0; slot < query.slots.size(); ++slot) {
    for (const uint32_t form : query.slots[slot].forms) words.try_emplace(query.terms[form], slot);
  }
  std::vector<Match> matches;
  if (words.empty()) return matches;
  std::vector<analysis::Token> tokens;
  analyzer.Analyze(text, &tokens);
  size_t chars = 0;
  size_t at = 0;
  for (const analysis::Token& token : tokens) {
    const auto word = words.find(token.term);
    if (word == words.end()) continue;
    chars += CountChars(text.substr(at, token.begin - at));
    at = token.begin;
    const size_t size = CountChars(text.substr(token.begin, token.end - token.begin));
    matches.push_back({token.begin, token.end, word->second, chars, chars + size});
  }
  return matches;
}

/// The matches, as a range of indexes, that fit into `target` characters and show the most
/// different words of the query; then the most matches; then the first. Not for empty `matches`.
Range BestMatches(const std::vector<Match>& matches, size_t word_count, size_t target) {
  std::vector<uint32_t> counts(word_count);
  size_t different = 0;
  std::pair<size_t, size_t> best_score;
  Range best;
  size_t end = 0;
  for (size_t begin = 0; begin < matches.size(); ++begin) {
    const size_t limit = matches[begin].char_begin + target;
    while (end < matches.size() && (end <= begin || matches[end].char_end <= limit)) {
      if (counts[matches[end++].word]++ == 0) ++different;
    }
    const std::pair<size_t, size_t> score(different, end - begin);
    if (score > best_score) {
      best_score = score;
      best = {begin, end};
    }
    if (--counts[matches[begin].word] == 0) --different;
  }
  return best;
}

/// Chooses what to show of a flat text.
class Framer {
 public:
  Framer(const FlatText& flat, size_t target) : flat_(flat), text_(flat.text), target_(target) {}

  Range Frame(const std::vector<Match>& matches, size_t word_count) const {
    if (CountChars(text_) <= target_) return {0, text_.size()};
    if (matches.empty()) return {0, EndFrom(0, 0)};
    const Range chosen = BestMatches(matches, word_count, target_);
    const size_t first = matches[chosen.begin].begin;
    size_t last = 0;
    for (size_t i = chosen.begin; i < chosen.end; ++i)
      last = std::max<size_t>(last, matches[i].end);
    const size_t used = CountChars(Slice(first, last));
    const size_t spare = target_ - std::min(target_, used);
    const size_t begin = BeginBefore(first, spare);
    const size_t end = EndFrom(begin, last);
    return {end < text_.size() ? begin : BeginFor(end, begin), end};
  }

 private:
  std::string_view Slice(size_t begin, size_t end) const {
    return text_.substr(begin, end - begin);
  }

  /// The start of the sentence that holds `at` when that is at most `spare` characters before, else
  /// the start of a word a little before `at`.
  size_t BeginBefore(size_t at, size_t spare) const {
    const auto next =
        std::upper_bound(flat_.sentence_starts.begin(), flat_.sentence_starts.end(), at);
    const size_t sentence = next == flat_.sentence_starts.begin() ? 0 : *(next - 1);
    if (sentence >= Retreat(text_, at, spare)) return sentence;
    return WordStart(Retreat(text_, at, std::min(spare, target_ / 4)), at);
  }

  /// The first start of a word in [from, at]; `at` when there is none but within a word that is
  /// longer than words are.
  size_t WordStart(size_t from, size_t at) const {
    if (from == 0 || text_[from - 1] == ' ') return from;
    const size_t space = text_.find(' ', from);
    if (space < at) return space + 1;
    return CountChars(Slice(from, at)) > kMaxWordChars ? from : at;
  }

  /// The end of what begins at `begin`: `target_` characters on, or at the space before, but not
  /// before `last`.
  size_t EndFrom(size_t begin, size_t last) const {
    const size_t end = std::max(last, Advance(text_, begin, target_));
    if (end >= text_.size() || text_[end] == ' ') return end;
    const size_t space = text_.rfind(' ', end);
    const bool near = space != std::string_view::npos && space > begin && space >= last &&
                      space >= Retreat(text_, end, kMaxWordChars);
    return near ? space : end;
  }

  /// An earlier beginning, at most `begin`, for when the end of the text leaves characters over.
  size_t BeginFor(size_t end, size_t begin) const {
    const size_t earliest = Retreat(text_, end, target_);
    if (earliest >= begin) return begin;
    const auto sentence =
        std::lower_bound(flat_.sentence_starts.begin(), flat_.sentence_starts.end(), earliest);
    if (sentence != flat_.sentence_starts.end() && *sentence <= begin) return *sentence;
    return WordStart(earliest, begin);
  }

  const FlatText& flat_;
  std::string_view text_;
  size_t target_;
};

/// Highlights of the matches inside `shown`, merged where they overlap, counted from its beginning.
std::vector<Highlight> HighlightsIn(const std::vector<Match>& matches, const Range& shown,
                                    size_t shift) {
  std::vector<Highlight> highlights;
  for (const Match& match : matches) {
    if (match.begin < shown.begin || match.end > shown.end) continue;
    const auto begin = static_cast<uint32_t>(match.begin - shown.begin + shift);
    const auto end = static_cast<uint32_t>(match.end - shown.begin + shift);
    if (!highlights.empty() && begin < highlights.back().end) {
      highlights.back().end = std::max(highlights.back().end, end);
    } else {
      highlights.push_back({begin, end});
    }
  }
  return highlights;
}

}  // namespace

Snippet MakeSnippet(const analysis::Analyzer& analyzer, std::string_view query,
                    std::string_view text, size_t target_chars) {
  if (target_chars == 0) return {};
  const FlatText flat = Flatten(text);
  const QueryTerms terms = AnalyzeQuery(analyzer, query);
  const std::vector<Match> matches = FindMatches(analyzer, terms, flat.text);
  const Range shown = Framer(flat, target_chars).Frame(matches, terms.slots.size());
  const std::string_view before = shown.begin > 0 ? kEllipsis : std::string_view();
  const std::string_view after = shown.end < flat.text.size() ? kEllipsis : std::string_view();
  const std::string_view middle =
      std::string_view(flat.text).substr(shown.begin, shown.end - shown.begin);
  return {StrCat(before, middle, after), HighlightsIn(matches, shown, before.size())};
}

}  // namespace cairn::text
