#pragma once

#include <memory>
#include <vector>

#include "vector/index_state.h"
#include "vector/search_scratch.h"
#include "vector/vector_index.h"

namespace cairn::vector {

class SegmentedView final : public VectorView {
 public:
  SegmentedView(const VectorIndexOptions& options, IndexStatePtr state,
                std::shared_ptr<ScratchPool> scratch)
      : options_(options), state_(std::move(state)), scratch_(std::move(scratch)) {}

  size_t size() const override { return state_->live(); }
  size_t document_count() const override { return state_->documents; }
  uint64_t memory_bytes() const override { return state_->memory_bytes(); }
  uint64_t CountDocuments(const DocumentFilter& filter) const override;
  Status Search(const float* queries, size_t query_count, const SearchOptions& options,
                std::vector<std::vector<VectorHit>>* hits_out, SearchWork* work) const override;
  Status SearchOne(const float* query, const SearchOptions& options, VectorHit* hits_out,
                   size_t* count_out, SearchWork* work) const override;

 private:
  /// `query` is valid. Hits go to hits_out, best first; how many.
  size_t Run(const float* query, size_t k, const SearchOptions& options, SearchScratch* scratch,
             VectorHit* hits_out, SearchWork* work) const;

  const VectorIndexOptions options_;
  const IndexStatePtr state_;
  const std::shared_ptr<ScratchPool> scratch_;
};

}  // namespace cairn::vector
