#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "base/bitmap.h"
#include "support/matchers.h"
#include "unit/kernels/reference.h"
#include "vector/document_filter.h"
#include "vector/vector_index.h"

namespace cairn::test {

using vector::Metric;
using vector::VectorHit;
using Hits = std::vector<VectorHit>;

inline std::vector<float> RandomVectors(std::mt19937& generator, size_t count, size_t dim) {
  std::normal_distribution<float> normal;
  std::vector<float> out(count * dim);
  for (float& x : out) x = normal(generator);
  return out;
}

/// Cheaper to make than normal ones, and as good where only identity matters.
inline std::vector<float> UniformVectors(std::mt19937& generator, size_t count, size_t dim) {
  std::vector<float> out(count * dim);
  for (float& x : out) x = static_cast<float>(generator() >> 8) * 0x1p-23f - 1;
  return out;
}

/// Small integers: every kernel scores them without rounding, and ties are common.
inline std::vector<float> IntegerVectors(std::mt19937& generator, size_t count, size_t dim) {
  std::vector<float> out(count * dim);
  for (float& x : out) x = static_cast<float>(static_cast<int>(generator() % 3) - 1);
  return out;
}

/// What an index should hold, searched by brute force in double.
class Model {
 public:
  Model(size_t dim, Metric metric) : dim_(dim), metric_(metric) {}

  void Add(DocNo doc, const float* vectors, size_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      rows_[{doc, i}].assign(vectors + i * dim_, vectors + (i + 1) * dim_);
    }
  }
  void Remove(DocNo doc) {
    rows_.erase(rows_.lower_bound({doc, 0}), rows_.upper_bound({doc, UINT32_MAX}));
  }
  size_t size() const { return rows_.size(); }
  const std::map<ChunkRef, std::vector<float>>& rows() const { return rows_; }

  /// In double, with how far float arithmetic may be from it: as in unit/kernels/reference.h, and
  /// 16 roundings more for what scaling to unit length adds.
  Reference Score(const float* query, const std::vector<float>& row) const {
    if (metric_ == Metric::kL2) {
      Reference l2 = L2Reference(query, row.data(), dim_);
      return {-l2.value, l2.tolerance};
    }
    Reference dot = DotReference(query, row.data(), dim_);
    if (metric_ == Metric::kInnerProduct) return dot;
    double lengths = std::sqrt(DotReference(query, query, dim_).value *
                               DotReference(row.data(), row.data(), dim_).value);
    return {dot.value / lengths, 2 * dot.tolerance / lengths};
  }

  struct Ranking {
    std::vector<std::pair<double, ChunkRef>> places;
    double tolerance = 0;  ///< the largest of any row
  };
  Ranking Search(const float* query, size_t k, const Bitmap* filter) const {
    Ranking out;
    for (const auto& [chunk, row] : rows_) {
      if (filter != nullptr && !filter->Test(ToInt(chunk.doc))) continue;
      Reference score = Score(query, row);
      out.places.emplace_back(score.value, chunk);
      out.tolerance = std::max(out.tolerance, score.tolerance);
    }
    std::sort(out.places.begin(), out.places.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    out.places.resize(std::min(k, out.places.size()));
    return out;
  }

  /// `hits` is right: as many as there should be, in order, no chunk twice, each with its own
  /// score, and place by place as good as the best. Equal to rounding; exactly equal where `exact`.
  void Check(const Hits& hits, const float* query, size_t k, const Bitmap* filter,
             bool exact = false) const {
    Ranking expected = Search(query, k, filter);
    ASSERT_EQ(hits.size(), expected.places.size());
    std::set<ChunkRef> seen;
    for (size_t i = 0; i < hits.size(); ++i) {
      const auto& [best, chunk] = expected.places[i];
      ASSERT_TRUE(seen.insert(hits[i].chunk).second) << "chunk twice";
      auto row = rows_.find(hits[i].chunk);
      ASSERT_NE(row, rows_.end()) << "ghost " << ToInt(hits[i].chunk.doc);
      ASSERT_TRUE(filter == nullptr || filter->Test(ToInt(hits[i].chunk.doc)));
      Reference score = Score(query, row->second);
      ASSERT_NEAR(hits[i].score, score.value, exact ? 0 : score.tolerance);
      ASSERT_NEAR(hits[i].score, best, exact ? 0 : expected.tolerance) << "place " << i;
      ASSERT_TRUE(!exact || hits[i].chunk == chunk) << "place " << i;
      ASSERT_TRUE(i == 0 || InOrder(hits[i - 1], hits[i])) << "place " << i;
    }
  }

 private:
  static bool InOrder(const VectorHit& a, const VectorHit& b) {
    return a.score > b.score || (a.score == b.score && a.chunk < b.chunk);
  }

  const size_t dim_;
  const Metric metric_;
  std::map<ChunkRef, std::vector<float>> rows_;
};

inline std::unique_ptr<vector::VectorIndex> MakeIndex(uint32_t dim, Metric metric,
                                                      ThreadPool* pool = nullptr) {
  vector::VectorIndexOptions options;
  options.dim = dim;
  options.metric = metric;
  options.pool = pool;
  auto index = vector::MakeExactIndex(options);
  EXPECT_TRUE(index.ok());
  return std::move(index).value();
}

inline vector::SearchOptions Nearest(size_t k, const vector::DocumentFilter* filter = nullptr) {
  vector::SearchOptions options;
  options.k = k;
  options.filter = filter;
  return options;
}

inline Hits SearchOne(const vector::VectorView& view, const float* query, size_t k,
                      const Bitmap* filter = nullptr) {
  std::unique_ptr<vector::DocumentFilter> documents;
  if (filter != nullptr) documents = std::make_unique<vector::DocumentFilter>(*filter);
  std::vector<Hits> hits;
  CAIRN_EXPECT_OK(view.Search(query, 1, Nearest(k, documents.get()), &hits));
  return hits.empty() ? Hits{} : hits[0];
}

inline std::vector<Metric> AllMetrics() {
  return {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};
}

}  // namespace cairn::test
