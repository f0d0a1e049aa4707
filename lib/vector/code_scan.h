#pragma once

#include "vector/best_hits.h"
#include "vector/document_filter.h"
#include "vector/row_marks.h"
#include "vector/search_scratch.h"
#include "vector/segment.h"

namespace cairn::vector {

/// Exact search by a scan of the codes: rows whose code is too far for the vector to be among the k
/// nearest, by the triangle inequality and the largest coding error, are never looked at again; the
/// others are scored on their vectors. `scratch->query` holds the coded query.
void ScanExactly(const Segment& segment, const RowMarks& dead, const RowSet* allowed,
                 const float* query, size_t k, SearchScratch* scratch, BestHits* hits,
                 SearchWork* work);

}  // namespace cairn::vector
