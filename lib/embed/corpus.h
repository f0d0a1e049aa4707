#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/analyzer.h"
#include "embed/builtin.h"

namespace cairn::embed {

/// One term of the vocabulary with its counts over the training chunks.
struct TermStats {
  std::string term;
  uint32_t chunk_count = 0;  ///< chunks that hold it
  uint64_t occurrences = 0;
};

/// The training chunks as sequences of term numbers.
struct Corpus {
  static constexpr uint32_t kEndOfChunk = 0xFFFFFFFFU;

  std::vector<TermStats> terms;  ///< by chunk_count descending, then by term
  std::vector<uint32_t> tokens;  ///< positions in `terms`; kEndOfChunk closes every chunk
  uint64_t chunk_count = 0;      ///< chunks in `tokens`
  uint64_t chunks_seen = 0;      ///< chunks offered; more when a sample was taken
};

/// Collects training chunks within the limits of the options.
///
/// When there are too many chunks or tokens, half of the chunks are dropped, chosen by a hash of
/// their ordinal and the seed; later chunks pass the same sieve. So the sample is spread over the
/// whole source, the same for the same source, and memory stays bounded. Terms seen only once are
/// forgotten when the term table grows too large.
///
/// Thread safety: single-threaded. Ownership: the analyzer is borrowed.
class CorpusBuilder {
 public:
  CorpusBuilder(const analysis::Analyzer& analyzer, const BuiltinOptions& options)
      : analyzer_(analyzer), options_(options) {}

  void Add(std::string_view text);
  uint64_t chunks_seen() const { return chunks_seen_; }

  /// Chooses the vocabulary: terms in at least two chunks and in at most half of them, the most
  /// widespread first. Tokens outside of it are dropped. Leaves the builder empty.
  Corpus Finish() &&;

 private:
  bool Sampled(uint64_t ordinal) const;
  uint32_t RawTerm(const std::string& term);
  bool TooLarge() const;
  void Thin();
  void ForgetRareTerms();
  std::vector<uint32_t> CountChunksPerTerm() const;
  std::vector<TermStats> ChooseTerms() const;

  const analysis::Analyzer& analyzer_;
  const BuiltinOptions options_;
  std::unordered_map<std::string, uint32_t> raw_terms_;
  std::vector<uint32_t> raw_counts_;      // occurrences by raw term, also of dropped chunks
  std::vector<uint32_t> raw_tokens_;      // raw terms of the kept chunks, kEndOfChunk after each
  std::vector<uint64_t> chunk_ordinals_;  // of the kept chunks
  uint64_t chunks_seen_ = 0;
  int sample_bits_ = 0;  // a chunk is kept with probability 2^-sample_bits_
  uint32_t rare_count_ = 1;
  std::vector<analysis::Token> scratch_;
};

}  // namespace cairn::embed
