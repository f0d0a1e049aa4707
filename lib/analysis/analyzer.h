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
/// Invalid UTF-8 never fails: each bad byte counts as U+FFFD, a separator. Deterministic.
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
