#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/reuse_pool.h"
#include "vector/quantizer.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// A row and how far its code is from the query; see Quantizer for the scale.
struct Candidate {
  float distance = 0;
  uint32_t row = 0;
};

/// Which rows of a graph a search has met. Clearing costs what was marked, not what there is room
/// for.
class VisitedRows {
 public:
  void Begin(uint32_t row_count);
  uint64_t* words() { return words_.data(); }
  /// Notes the rows whose bits were set in words(), to be cleared by the next Begin.
  std::vector<uint32_t>& marked() { return marked_; }

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> marked_;
};

/// The buffers of one search, reused by the next, so that a query allocates nothing once they have
/// grown.
struct SearchScratch {
  VisitedRows visited;
  std::vector<uint64_t> pool;
  std::vector<uint64_t> counted;  ///< the pool of rows that count, where not all do
  std::vector<uint32_t> rows;
  std::vector<int32_t> dots;
  std::vector<float> distances;
  std::vector<Candidate> found;  ///< what a graph search or scan leaves, nearest first
  QueryCode query;
  std::vector<float> unit;
  std::vector<float> scores;
  std::vector<VectorHit> hits;
};

using ScratchPool = ReusePool<SearchScratch>;

}  // namespace cairn::vector
