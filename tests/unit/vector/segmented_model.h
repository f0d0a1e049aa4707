#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/vector/segment_data.h"

namespace cairn::test {

inline std::unique_ptr<vector::VectorIndex> MakeSegmented(uint32_t dim, Metric metric,
                                                          ThreadPool* pool = nullptr,
                                                          const std::string& directory = "") {
  vector::VectorIndexOptions options;
  options.dim = dim;
  options.metric = metric;
  options.pool = pool;
  options.directory = directory;
  auto index = vector::MakeSegmentedIndex(options);
  EXPECT_TRUE(index.ok());
  return std::move(index).value();
}

inline vector::SearchOptions Targeting(float target, size_t k,
                                       const vector::DocumentFilter* filter = nullptr) {
  vector::SearchOptions options = Nearest(k, filter);
  options.target_recall = target;
  return options;
}

inline Hits SearchWith(const vector::VectorView& view, const float* query,
                       const vector::SearchOptions& options, vector::SearchWork* work = nullptr) {
  std::vector<Hits> hits;
  CAIRN_EXPECT_OK(view.Search(query, 1, options, &hits, work));
  return hits.empty() ? Hits{} : hits[0];
}

/// A segmented index and an exact one that get the same changes.
class Twins {
 public:
  Twins(uint32_t dim, Metric metric, ThreadPool* pool = nullptr, const std::string& directory = "")
      : dim_(dim),
        metric_(metric),
        index_(MakeSegmented(dim, metric, pool, directory)),
        exact_(MakeIndex(dim, metric)) {}

  vector::VectorIndex& index() { return *index_; }
  vector::VectorIndex& exact() { return *exact_; }
  uint32_t dim() const { return dim_; }
  /// Documents that are there, and their vectors (unit length under cosine).
  const std::map<DocNo, std::vector<float>>& documents() const { return documents_; }

  void Add(DocNo doc, std::vector<float> vectors) {
    size_t count = vectors.size() / dim_;
    CAIRN_ASSERT_OK(index_->Add(doc, vectors.data(), count));
    CAIRN_ASSERT_OK(exact_->Add(doc, vectors.data(), count));
    if (metric_ == Metric::kCosine) NormalizeAll(&vectors, dim_);
    documents_[doc] = std::move(vectors);
  }
  void Remove(DocNo doc) {
    index_->Remove(doc);
    exact_->Remove(doc);
    documents_.erase(doc);
  }

  /// Right in all but recall: as many hits as there should be, in order, each once, alive, let
  /// through and with its true score. The share of the true nearest is added to `recall_sum`.
  void CheckApproximate(const Hits& hits, const float* query, size_t k,
                        const vector::DocumentFilter* filter, double* recall_sum) const {
    Hits best = SearchWith(*exact_->View(), query, Nearest(k, filter));
    ASSERT_EQ(hits.size(), best.size());
    std::vector<float> unit(query, query + dim_);
    if (metric_ == Metric::kCosine) NormalizeAll(&unit, dim_);
    std::set<ChunkRef> seen;
    for (size_t i = 0; i < hits.size(); ++i) {
      const ChunkRef& chunk = hits[i].chunk;
      ASSERT_TRUE(seen.insert(chunk).second) << "chunk twice";
      auto document = documents_.find(chunk.doc);
      ASSERT_NE(document, documents_.end()) << "ghost " << ToInt(chunk.doc);
      ASSERT_TRUE(filter == nullptr || filter->Test(chunk.doc)) << "filtered out";
      const float* row = document->second.data() + size_t{chunk.ordinal} * dim_;
      ASSERT_EQ(hits[i].score, vector::Score(metric_, unit.data(), row, dim_));
      ASSERT_TRUE(i == 0 || vector::Better(hits[i - 1], hits[i])) << "order, place " << i;
    }
    *recall_sum += best.empty() ? 1
                                : static_cast<double>(std::min(GoodHits(hits, best), best.size())) /
                                      static_cast<double>(best.size());
  }
  void CheckExact(const vector::SearchOptions& options, const float* query) {
    vector::SearchOptions exactly = options;
    exactly.target_recall = 1;
    ASSERT_EQ(SearchWith(*index_->View(), query, exactly),
              SearchWith(*exact_->View(), query, Nearest(options.k, options.filter)));
  }

 private:
  const uint32_t dim_;
  const Metric metric_;
  std::unique_ptr<vector::VectorIndex> index_;
  std::unique_ptr<vector::VectorIndex> exact_;
  std::map<DocNo, std::vector<float>> documents_;
};

}  // namespace cairn::test
