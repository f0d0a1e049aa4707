#include "embed/ppmi.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "embed/sparse.h"
#include "embed/svd.h"
#include "kernels/distance.h"

namespace cairn::embed {
namespace {

constexpr size_t kWindow = 10;
constexpr double kContextSmoothing = 0.75;
/// Bounds the memory of the pair matrix: its rows keep their heaviest pairs.
constexpr size_t kMaxPairs = 12'000'000;
constexpr size_t kMinPairsPerTerm = 64;
/// Collections with fewer tokens keep rarer words.
constexpr size_t kSmallCorpusTokens = 100'000;

struct Pair {
  uint32_t term;
  float weight;
};

/// Walks the neighbours of one word at a time: counting needs one row of counters per thread, never
/// a table of all pairs.
class PairCounter {
 public:
  PairCounter(const Corpus& corpus, uint64_t min_count) : corpus_(corpus) {
    first_.assign(corpus.terms.size() + 1, 0);
    for (size_t t = 0; t < corpus.terms.size(); ++t) {
      const uint64_t count = corpus.terms[t].occurrences;
      first_[t + 1] = first_[t] + (count >= min_count ? count : 0);
    }
    places_.resize(first_.back());
    std::vector<uint64_t> next(first_.begin(), first_.end() - 1);
    for (size_t i = 0; i < corpus.tokens.size(); ++i) {
      if (Usable(corpus.tokens[i])) places_[next[corpus.tokens[i]]++] = static_cast<uint32_t>(i);
    }
  }

  bool Usable(uint32_t token) const {
    return token != Corpus::kEndOfChunk && first_[token] != first_[token + 1];
  }

  /// Calls visit(neighbour) for every word near an occurrence of `term`.
  template <typename Visit>
  void VisitNeighbours(uint32_t term, const Visit& visit) const {
    const std::vector<uint32_t>& tokens = corpus_.tokens;
    for (uint64_t p = first_[term]; p < first_[term + 1]; ++p) {
      const size_t place = places_[p];
      for (size_t d = 1; d <= kWindow && d <= place; ++d) {
        const uint32_t token = tokens[place - d];
        if (token == Corpus::kEndOfChunk) break;
        if (Usable(token)) visit(token);
      }
      for (size_t d = 1; d <= kWindow; ++d) {
        const uint32_t token = tokens[place + d];
        if (token == Corpus::kEndOfChunk) break;
        if (Usable(token)) visit(token);
      }
    }
  }

 private:
  const Corpus& corpus_;
  std::vector<uint64_t> first_;   // into places_, by term
  std::vector<uint32_t> places_;  // where each usable term occurs in the tokens
};

/// Shares of the co-occurrences.
struct Marginals {
  std::vector<double> term;     ///< P(term)
  std::vector<double> context;  ///< smoothed P(context)
  double total = 0;
};

Marginals CountMarginals(const Work& work, const PairCounter& counter, size_t term_count) {
  constexpr size_t kTermBlock = 64;
  Marginals m;
  m.term.assign(term_count, 0.0);
  m.context.assign(term_count, 0.0);
  work.ParallelBlocks(term_count, kTermBlock, [&](size_t begin, size_t end) {
    for (size_t t = begin; t < end; ++t) {
      uint64_t sum = 0;
      counter.VisitNeighbours(static_cast<uint32_t>(t), [&](uint32_t) { ++sum; });
      m.term[t] = static_cast<double>(sum);
    }
  });
  double smoothed = 0;
  for (size_t t = 0; t < term_count; ++t) {
    m.total += m.term[t];
    m.context[t] = std::pow(m.term[t], kContextSmoothing);
    smoothed += m.context[t];
  }
  if (m.total == 0) return m;
  for (size_t t = 0; t < term_count; ++t) {
    m.term[t] /= m.total;
    m.context[t] /= smoothed;
  }
  return m;
}

/// Keeps the `limit` pairs with the largest counts.
void KeepHeaviest(size_t limit, std::vector<Pair>* pairs) {
  if (pairs->size() <= limit) return;
  std::nth_element(pairs->begin(), pairs->begin() + static_cast<ptrdiff_t>(limit), pairs->end(),
                   [](const Pair& a, const Pair& b) {
                     return a.weight != b.weight ? a.weight > b.weight : a.term < b.term;
                   });
  pairs->resize(limit);
}

/// The pairs of one row with their positive PMI, by context ascending. `counts` is all zero before
/// and after.
std::vector<Pair> PpmiRow(const PairCounter& counter, const Marginals& marginals, uint32_t term,
                          size_t limit, std::vector<uint32_t>* counts) {
  std::vector<Pair> pairs;
  counter.VisitNeighbours(term, [&](uint32_t neighbour) {
    if ((*counts)[neighbour]++ == 0) pairs.push_back({neighbour, 0});
  });
  for (Pair& pair : pairs) {
    pair.weight = static_cast<float>(std::exchange((*counts)[pair.term], 0U));
  }
  auto information = [&](const Pair& pair) {
    return std::log(pair.weight /
                    (marginals.total * marginals.term[term] * marginals.context[pair.term]));
  };
  std::erase_if(pairs, [&](const Pair& pair) { return !(information(pair) > 0); });
  KeepHeaviest(limit, &pairs);
  for (Pair& pair : pairs) pair.weight = static_cast<float>(information(pair));
  std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return a.term < b.term; });
  pairs.shrink_to_fit();
  return pairs;
}

SparseMatrix PpmiMatrix(const Work& work, const Corpus& corpus) {
  constexpr size_t kTermBlock = 64;
  const size_t n = corpus.terms.size();
  const PairCounter counter(corpus, corpus.tokens.size() < kSmallCorpusTokens ? 2 : 5);
  const Marginals marginals = CountMarginals(work, counter, n);
  const size_t limit = std::max(kMinPairsPerTerm, kMaxPairs / std::max<size_t>(n, 1));
  std::vector<std::vector<Pair>> rows(n);
  work.ParallelBlocks(n, kTermBlock, [&](size_t begin, size_t end) {
    std::vector<uint32_t> counts(n, 0);
    for (size_t t = begin; t < end; ++t) {
      rows[t] = PpmiRow(counter, marginals, static_cast<uint32_t>(t), limit, &counts);
    }
  });
  SparseMatrix m;
  m.rows = m.cols = n;
  m.begin.reserve(n + 1);
  m.begin.push_back(0);
  size_t count = 0;
  for (const std::vector<Pair>& row : rows) count += row.size();
  m.col.reserve(count);
  m.value.reserve(count);
  for (std::vector<Pair>& row : rows) {
    for (const Pair& pair : row) {
      m.col.push_back(pair.term);
      m.value.push_back(pair.weight);
    }
    m.begin.push_back(m.col.size());
    std::vector<Pair>().swap(row);
  }
  return m;
}

std::vector<float> InverseDocumentFrequencies(const Corpus& corpus) {
  std::vector<float> weights;
  weights.reserve(corpus.terms.size());
  const auto total = static_cast<double>(corpus.chunk_count);
  for (const TermStats& term : corpus.terms) {
    const double n = term.chunk_count;
    weights.push_back(static_cast<float>(std::log1p((total - n + 0.5) / (n + 0.5))));
  }
  return weights;
}

}  // namespace

Result<TermBlock> TrainPpmi(const Work& work, const Corpus& corpus, const BuiltinOptions& options) {
  const SparseMatrix pairs = PpmiMatrix(work, corpus);
  CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
  // The left singular vectors of the pairs are the right ones of their transposed matrix.
  CAIRN_ASSIGN_OR_RETURN(RightSingular svd, RandomizedSvd(work, Transpose(pairs), pairs,
                                                          options.block_dim, options.seed + 1));
  TermBlock block;
  block.weights = InverseDocumentFrequencies(corpus);
  block.vectors = std::move(svd.vectors);
  for (size_t t = 0; t < block.vectors.rows(); ++t) {
    float* row = block.vectors.row(t);
    for (size_t j = 0; j < block.vectors.cols(); ++j) {
      row[j] *= static_cast<float>(std::sqrt(svd.values[j]));
    }
    kernels::Normalize(row, block.vectors.cols());
  }
  return block;
}

}  // namespace cairn::embed
