#include "embed/corpus.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace cairn::embed {
namespace {

constexpr size_t kMaxRawTerms = 1'500'000;
constexpr uint32_t kNoTerm = Corpus::kEndOfChunk - 1;
/// A term may always be in this many chunks, however small the collection.
constexpr uint64_t kAlwaysAllowedChunks = 10;

}  // namespace

bool CorpusBuilder::Sampled(uint64_t ordinal) const {
  if (sample_bits_ == 0) return true;
  char bytes[sizeof ordinal];
  for (char& byte : bytes) {
    byte = static_cast<char>(ordinal & 0xFF);
    ordinal >>= 8;
  }
  return HashBytes({bytes, sizeof bytes}, options_.seed) >> (64 - sample_bits_) == 0;
}

uint32_t CorpusBuilder::RawTerm(const std::string& term) {
  auto [it, added] = raw_terms_.try_emplace(term, static_cast<uint32_t>(raw_counts_.size()));
  if (added) raw_counts_.push_back(0);
  ++raw_counts_[it->second];
  return it->second;
}

void CorpusBuilder::Add(std::string_view text) {
  const uint64_t ordinal = chunks_seen_++;
  if (!Sampled(ordinal)) return;
  analyzer_.Analyze(text, &scratch_);
  for (const analysis::Token& token : scratch_) {
    if (token.counts) raw_tokens_.push_back(RawTerm(token.term));
  }
  raw_tokens_.push_back(Corpus::kEndOfChunk);
  chunk_ordinals_.push_back(ordinal);
  while (chunk_ordinals_.size() > 1 && TooLarge()) Thin();
  if (TooLarge()) {
    raw_tokens_.resize(options_.max_train_tokens);
    raw_tokens_.push_back(Corpus::kEndOfChunk);
  }
  if (raw_terms_.size() > kMaxRawTerms) ForgetRareTerms();
}

bool CorpusBuilder::TooLarge() const {
  return chunk_ordinals_.size() > options_.max_train_chunks ||
         raw_tokens_.size() - chunk_ordinals_.size() > options_.max_train_tokens;
}

void CorpusBuilder::Thin() {
  ++sample_bits_;
  size_t kept_chunks = 0;
  size_t kept_tokens = 0;
  size_t chunk = 0;
  bool keep = Sampled(chunk_ordinals_[0]);
  for (uint32_t token : raw_tokens_) {
    if (keep) raw_tokens_[kept_tokens++] = token;
    if (token != Corpus::kEndOfChunk) continue;
    if (keep) chunk_ordinals_[kept_chunks++] = chunk_ordinals_[chunk];
    ++chunk;
    keep = chunk < chunk_ordinals_.size() && Sampled(chunk_ordinals_[chunk]);
  }
  raw_tokens_.resize(kept_tokens);
  chunk_ordinals_.resize(kept_chunks);
}

void CorpusBuilder::ForgetRareTerms() {
  std::erase_if(raw_terms_,
                [&](const auto& entry) { return raw_counts_[entry.second] <= rare_count_; });
  if (raw_terms_.size() > kMaxRawTerms / 2) ++rare_count_;
}

std::vector<uint32_t> CorpusBuilder::CountChunksPerTerm() const {
  std::vector<uint32_t> counts(raw_counts_.size(), 0);
  std::vector<uint32_t> last_chunk(raw_counts_.size(), 0);
  uint32_t chunk = 1;
  for (uint32_t token : raw_tokens_) {
    if (token == Corpus::kEndOfChunk) {
      ++chunk;
    } else if (last_chunk[token] != chunk) {
      last_chunk[token] = chunk;
      ++counts[token];
    }
  }
  return counts;
}

std::vector<TermStats> CorpusBuilder::ChooseTerms() const {
  const std::vector<uint32_t> chunk_counts = CountChunksPerTerm();
  const uint64_t most = std::max<uint64_t>(chunk_ordinals_.size() / 2, kAlwaysAllowedChunks);
  std::vector<TermStats> terms;
  for (const auto& [term, raw] : raw_terms_) {
    if (chunk_counts[raw] < 2 || chunk_counts[raw] > most) continue;
    terms.push_back({term, chunk_counts[raw], 0});
  }
  std::sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) {
    return a.chunk_count != b.chunk_count ? a.chunk_count > b.chunk_count : a.term < b.term;
  });
  if (terms.size() > options_.max_terms) terms.resize(options_.max_terms);
  return terms;
}

Corpus CorpusBuilder::Finish() && {
  Corpus corpus;
  corpus.chunk_count = chunk_ordinals_.size();
  corpus.chunks_seen = chunks_seen_;
  corpus.terms = ChooseTerms();
  std::vector<uint32_t> number(raw_counts_.size(), kNoTerm);
  for (size_t i = 0; i < corpus.terms.size(); ++i) {
    number[raw_terms_.at(corpus.terms[i].term)] = static_cast<uint32_t>(i);
  }
  size_t kept = 0;
  for (uint32_t token : raw_tokens_) {
    const uint32_t term = token == Corpus::kEndOfChunk ? token : number[token];
    if (term == kNoTerm) continue;
    raw_tokens_[kept++] = term;
    if (term != Corpus::kEndOfChunk) ++corpus.terms[term].occurrences;
  }
  raw_tokens_.resize(kept);
  corpus.tokens = std::move(raw_tokens_);
  return corpus;
}

}  // namespace cairn::embed
