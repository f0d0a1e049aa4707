#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "support/matchers.h"
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

  double Score(const float* query, const std::vector<float>& row) const {
    double dot = 0;
    double l2 = 0;
    double query_length = 0;
    double row_length = 0;
    for (size_t i = 0; i < dim_; ++i) {
      double q = query[i];
      double r = row[i];
      dot += q * r;
      l2 += (q - r) * (q - r);
      query_length += q * q;
      row_length += r * r;
    }
    if (metric_ == Metric::kL2) return -l2;
    return metric_ == Metric::kCosine ? dot / std::sqrt(query_length * row_length) : dot;
  }

  std::vector<std::pair<double, ChunkRef>> Search(const float* query, size_t k,
                                                  const Bitmap* filter) const {
    std::vector<std::pair<double, ChunkRef>> out;
    for (const auto& [chunk, row] : rows_) {
      if (filter != nullptr && !filter->Test(ToInt(chunk.doc))) continue;
      out.emplace_back(Score(query, row), chunk);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    out.resize(std::min(k, out.size()));
    return out;
  }

  /// `hits` is right: as many as there should be, in order, no chunk twice, each with its own
  /// score, and place by place as good as the best. Equal to rounding; exactly equal where `exact`.
  void Check(const Hits& hits, const float* query, size_t k, const Bitmap* filter,
             bool exact = false) const {
    auto expected = Search(query, k, filter);
    ASSERT_EQ(hits.size(), expected.size());
    std::map<ChunkRef, int> seen;
    for (size_t i = 0; i < hits.size(); ++i) {
      ASSERT_EQ(++seen[hits[i].chunk], 1) << "chunk twice";
      auto row = rows_.find(hits[i].chunk);
      ASSERT_NE(row, rows_.end()) << "ghost " << ToInt(hits[i].chunk.doc);
      if (filter != nullptr) {
        ASSERT_TRUE(filter->Test(ToInt(hits[i].chunk.doc)));
      }
      double tolerance = exact ? 0 : 1e-5 * (1 + std::fabs(expected[i].first));
      ASSERT_NEAR(hits[i].score, Score(query, row->second), tolerance);
      ASSERT_NEAR(hits[i].score, expected[i].first, tolerance) << "place " << i;
      if (exact) {
        ASSERT_TRUE(hits[i].chunk == expected[i].second) << "place " << i;
      }
      if (i == 0) continue;
      ASSERT_GE(hits[i - 1].score, hits[i].score);
      if (hits[i - 1].score == hits[i].score) {
        ASSERT_LT(hits[i - 1].chunk, hits[i].chunk);
      }
    }
  }

 private:
  const size_t dim_;
  const Metric metric_;
  std::map<ChunkRef, std::vector<float>> rows_;
};

inline std::unique_ptr<vector::VectorIndex> MakeIndex(uint32_t dim, Metric metric,
                                                      ThreadPool* pool = nullptr) {
  auto index = vector::MakeExactIndex({dim, metric, pool});
  EXPECT_TRUE(index.ok());
  return std::move(index).value();
}

inline Hits SearchOne(const vector::VectorView& view, const float* query, size_t k,
                      const Bitmap* filter = nullptr) {
  std::vector<Hits> hits;
  CAIRN_EXPECT_OK(view.Search(query, 1, {k, filter}, &hits));
  return hits.empty() ? Hits{} : hits[0];
}

inline std::vector<Metric> AllMetrics() {
  return {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};
}

}  // namespace cairn::test
