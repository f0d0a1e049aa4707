#pragma once

#include "vector/best_hits.h"
#include "vector/document_filter.h"
#include "vector/row_store.h"
#include "vector/search_scratch.h"

namespace cairn::vector {

/// Offers every live, matching row of a snapshot to `hits`, in the calling thread. `query` has unit
/// length under cosine; `filter` may be null.
void SearchFresh(const Snapshot& snapshot, Metric metric, uint32_t dim, const float* query,
                 const DocumentFilter* filter, SearchScratch* scratch, BestHits* hits,
                 SearchWork* work);

}  // namespace cairn::vector
