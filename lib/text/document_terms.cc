#include "text/document_terms.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace cairn::text {
namespace {

class Collector {
 public:
  explicit Collector(const analysis::Analyzer& analyzer) : analyzer_(analyzer) {}

  /// Counts the terms of `text` into one field of their entries and its words into `length_`.
  void AddField(std::string_view text, uint64_t FieldCounts::*field, float weight) {
    Count(text, weight);
    for (const uint32_t index : touched_) {
      entries_[index].counts.*field += std::exchange(pending_[index], 0u);
    }
  }

  void AddChunk(std::string_view text, uint32_t ordinal, float weight) {
    Count(text, weight);
    for (const uint32_t index : touched_) {
      entries_[index].chunks.Add(ordinal, std::exchange(pending_[index], 0u));
    }
  }

  DocumentTerms Finish() && {
    std::sort(entries_.begin(), entries_.end(),
              [](const auto& a, const auto& b) { return a.term < b.term; });
    return {static_cast<float>(length_), std::move(entries_)};
  }

 private:
  /// Leaves the count of each term of `text` in `pending_`, and which they are in `touched_`.
  void Count(std::string_view text, float weight) {
    analyzer_.Analyze(text, &tokens_);
    touched_.clear();
    uint64_t words = 0;
    for (const analysis::Token& token : tokens_) {
      words += token.counts ? 1 : 0;
      const uint32_t index = IndexOf(token.term);
      if (pending_[index]++ == 0) touched_.push_back(index);
    }
    length_ += static_cast<double>(weight) * static_cast<double>(words);
  }

  uint32_t IndexOf(const std::string& term) {
    const auto [at, added] = indexes_.try_emplace(term, static_cast<uint32_t>(entries_.size()));
    if (added) {
      entries_.emplace_back().term = term;
      pending_.push_back(0);
    }
    return at->second;
  }

  const analysis::Analyzer& analyzer_;
  std::vector<analysis::Token> tokens_;
  std::unordered_map<std::string, uint32_t> indexes_;
  std::vector<DocumentTerms::Entry> entries_;
  std::vector<uint32_t> pending_;  // by entry
  std::vector<uint32_t> touched_;
  double length_ = 0;
};

}  // namespace

DocumentTerms CollectTerms(const analysis::Analyzer& analyzer, const Bm25Options& options,
                           const TextDocument& document) {
  Collector collector(analyzer);
  collector.AddField(document.title, &FieldCounts::title, options.title_weight);
  for (const std::string& tag : document.tags) {
    collector.AddField(tag, &FieldCounts::tags, options.tags_weight);
  }
  collector.AddField(document.description, &FieldCounts::description, options.description_weight);
  uint32_t ordinal = 0;
  for (const std::string& chunk : document.chunks) {
    collector.AddChunk(chunk, ordinal++, options.body_weight);
  }
  return std::move(collector).Finish();
}

}  // namespace cairn::text
