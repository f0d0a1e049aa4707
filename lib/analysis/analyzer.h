#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::analysis {

/// One index term and where it came from.
struct Token {
  std::string term;    ///< normalised, at most 255 bytes, never empty, never holds NUL
  uint32_t begin = 0;  ///< byte offsets of its source in the input, on character boundaries
  uint32_t end = 0;
  uint32_t position = 0;  ///< word position; parts of one word share it
  bool counts = true;     ///< false for extra forms at the same position: not part of the length
};

struct AnalyzerOptions {
  /// Snowball stemmer for Latin-script words ("english", "german", ..., or "none"). Words in
  /// Cyrillic, Greek, Arabic and so on always use the stemmer of their script when there is one.
  std::string language = "english";
};

/// Text in, terms out: NFKC and case folding, Unicode word breaks, Snowball stemming by script and
/// language, overlapping bigrams for Chinese, Japanese, Thai and their like.
///
/// Every word takes one position. Its first token is the whole word, which counts; after it may
/// come further forms of the word at the same position, which do not count, so that each finds the
/// other:
///   - the spelling without diacritics: "café" -> café, cafe;
///   - the parts of identifiers, dotted names and versions: "HashMap" -> hashmap, hash, map;
///     "snake_case", "example.com", "1.2.3" likewise (hyphens separate words instead; single
///     letters are no parts; letters and digits are not parted);
///   - numbers and acronyms closed up: "10,000" -> 10,000, 10000; "U.S.A." -> u.s.a, usa;
///   - the bigrams of a Korean word;
///   - "C++" -> c++, c.
/// A bigram of a script without spaces is a word of its own: it counts and takes a position. Words
/// of more than 255 bytes are dropped, and take their position. Words of digits and letters, and of
/// letters of several scripts, are not stemmed. Apostrophes join, but in French, Italian and
/// Catalan they separate ("l'amour"). Emoji are words, without skin tone and variation.
///
/// Invalid UTF-8 never fails: each bad byte counts as U+FFFD, a separator. Deterministic. Text
/// beyond 4 GiB is not looked at.
/// Thread safety: thread-safe.
class Analyzer {
 public:
  /// kInvalidArgument when the language has no stemmer; the message lists those there are.
  static Result<std::shared_ptr<const Analyzer>> Create(const AnalyzerOptions& options);
  virtual ~Analyzer() = default;

  /// Clears and fills `tokens` in order of `begin`.
  virtual void Analyze(std::string_view text, std::vector<Token>* tokens) const = 0;

  /// Everything that shapes the terms, as one string, e.g. "standard/1 english utf8proc-2.8".
  /// Stored with an index: terms of two identities must not be mixed.
  virtual const std::string& identity() const = 0;
};

}  // namespace cairn::analysis
