#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "kernels/distance.h"
#include "unit/vector/model.h"
#include "vector/graph_builder.h"
#include "vector/score.h"
#include "vector/segment.h"
#include "vector/top_k.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAIRN_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAIRN_TEST_SANITIZED 1
#endif
#endif
#ifndef CAIRN_TEST_SANITIZED
#define CAIRN_TEST_SANITIZED 0
#endif

namespace cairn::test {

/// Sanitizers slow the tests down by ten or more: there, sizes are divided.
constexpr bool kSanitized = CAIRN_TEST_SANITIZED != 0;

/// Points around random centres.
class Clusters {
 public:
  Clusters(uint32_t seed, size_t dim, size_t count, float spread)
      : random_(seed), dim_(dim), spread_(spread), centres_(RandomVectors(random_, count, dim)) {}

  size_t count() const { return centres_.size() / dim_; }
  std::vector<float> Point(size_t cluster) {
    std::vector<float> out = RandomVectors(random_, 1, dim_);
    for (size_t d = 0; d < dim_; ++d) {
      out[d] = centres_[cluster * dim_ + d] + spread_ * out[d];
    }
    return out;
  }
  /// Row i belongs to cluster i % count().
  std::vector<float> Points(size_t rows) {
    std::vector<float> out;
    out.reserve(rows * dim_);
    for (size_t i = 0; i < rows; ++i) {
      std::vector<float> point = Point(i % count());
      out.insert(out.end(), point.begin(), point.end());
    }
    return out;
  }

 private:
  std::mt19937 random_;
  size_t dim_;
  float spread_;
  std::vector<float> centres_;
};

inline void NormalizeAll(std::vector<float>* vectors, size_t dim) {
  for (size_t i = 0; i < vectors->size(); i += dim) {
    kernels::Normalize(vectors->data() + i, dim);
  }
}

inline vector::Quantizer TrainOn(const std::vector<float>& vectors, uint32_t dim, Metric metric,
                                 vector::CodeWidth width = vector::CodeWidth::kSeven) {
  return vector::Quantizer::Train(dim, metric, width, vectors.size() / dim,
                                  [&](size_t i) { return vectors.data() + i * dim; });
}

/// Codes and biases of rows [first, all).
inline void EncodeRows(const vector::Quantizer& quantizer, const std::vector<float>& vectors,
                       uint32_t first, vector::OwnedGraph* graph) {
  uint32_t dim = quantizer.parameters().dim;
  for (uint32_t row = first; row < graph->row_count; ++row) {
    graph->bias[row] =
        quantizer.Encode(vectors.data() + size_t{row} * dim, graph->Code(row), nullptr);
  }
}

/// The k best of the rows that `counts` lets through, from their vectors.
template <typename Counts>
Hits ExactBest(const vector::RowTable& rows, Metric metric, const float* query, size_t k,
               const Counts& counts) {
  Hits hits;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    if (!counts(row)) continue;
    hits.push_back({rows.Chunk(row), vector::Score(metric, query, rows.Vector(row), rows.dim())});
  }
  std::sort(hits.begin(), hits.end(), vector::Better);
  hits.resize(std::min(k, hits.size()));
  return hits;
}

/// How many of `hits` are as good as the places of `best`.
inline size_t GoodHits(const Hits& hits, const Hits& best) {
  if (best.empty()) return 0;
  float worst = best.back().score;
  return static_cast<size_t>(std::count_if(
      hits.begin(), hits.end(), [worst](const VectorHit& hit) { return hit.score >= worst; }));
}

}  // namespace cairn::test
