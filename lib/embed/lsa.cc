#include "embed/lsa.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "embed/fold.h"
#include "embed/sparse.h"
#include "embed/svd.h"

namespace cairn::embed {
namespace {

/// One row per chunk; the values are the frequencies of its terms.
SparseMatrix FrequencyMatrix(const Corpus& corpus) {
  SparseMatrix m;
  m.rows = corpus.chunk_count;
  m.cols = corpus.terms.size();
  m.begin.reserve(m.rows + 1);
  m.begin.push_back(0);
  std::vector<uint32_t> chunk;
  for (uint32_t token : corpus.tokens) {
    if (token != Corpus::kEndOfChunk) {
      chunk.push_back(token);
      continue;
    }
    std::sort(chunk.begin(), chunk.end());
    for (size_t i = 0; i < chunk.size(); ++i) {
      if (i > 0 && chunk[i] == chunk[i - 1]) {
        m.value.back() += 1;
      } else {
        m.col.push_back(chunk[i]);
        m.value.push_back(1);
      }
    }
    m.begin.push_back(m.col.size());
    chunk.clear();
  }
  return m;
}

std::vector<float> EntropyWeights(const Corpus& corpus, const SparseMatrix& frequencies) {
  std::vector<double> sums(corpus.terms.size(), 0.0);
  for (size_t i = 0; i < frequencies.col.size(); ++i) {
    const uint32_t term = frequencies.col[i];
    const double share = frequencies.value[i] / static_cast<double>(corpus.terms[term].occurrences);
    sums[term] += share * std::log(share);
  }
  const double log_chunks =
      std::log(static_cast<double>(std::max<uint64_t>(corpus.chunk_count, 2)));
  std::vector<float> weights(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const double entropy = std::max(0.0, 1.0 + sums[i] / log_chunks);
    weights[i] = static_cast<float>(entropy * entropy);
  }
  return weights;
}

/// Turns frequencies into weights and scales every row to length one.
void ApplyWeights(const Work& work, const std::vector<float>& weights, SparseMatrix* m) {
  constexpr size_t kRowBlock = 1024;
  work.ParallelBlocks(m->rows, kRowBlock, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      double squares = 0;
      for (uint64_t i = m->begin[row]; i < m->begin[row + 1]; ++i) {
        m->value[i] = LsaFrequencyWeight(m->value[i]) * weights[m->col[i]];
        squares += static_cast<double>(m->value[i]) * m->value[i];
      }
      if (squares == 0) continue;
      const auto scale = static_cast<float>(1 / std::sqrt(squares));
      for (uint64_t i = m->begin[row]; i < m->begin[row + 1]; ++i) m->value[i] *= scale;
    }
  });
}

}  // namespace

Result<TermBlock> TrainLsa(const Work& work, const Corpus& corpus, const BuiltinOptions& options) {
  SparseMatrix matrix = FrequencyMatrix(corpus);
  TermBlock block;
  block.weights = EntropyWeights(corpus, matrix);
  ApplyWeights(work, block.weights, &matrix);
  CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
  const SparseMatrix transposed = Transpose(matrix);
  CAIRN_ASSIGN_OR_RETURN(RightSingular svd,
                         RandomizedSvd(work, matrix, transposed, options.block_dim, options.seed));
  block.vectors = std::move(svd.vectors);
  return block;
}

}  // namespace cairn::embed
