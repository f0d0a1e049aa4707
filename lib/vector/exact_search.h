#pragma once

#include <cstddef>
#include <vector>

#include "vector/row_store.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// Scores every live, matching row of a snapshot against every query.
///
/// Rows are read tile by tile, and each tile is scored against a group of queries while it is in
/// the processor's cache: a batch costs one pass over memory per group. Large scans are split over
/// `options.pool`; the outcome does not depend on how.
Status SearchExact(const Snapshot& snapshot, const VectorIndexOptions& options,
                   const float* queries, size_t query_count, const SearchOptions& search,
                   std::vector<std::vector<VectorHit>>* hits_out);

}  // namespace cairn::vector
