#pragma once

#include <cstddef>
#include <cstdint>

#include "vector/best_hits.h"
#include "vector/document_filter.h"
#include "vector/row_marks.h"
#include "vector/search_scratch.h"
#include "vector/segment.h"

namespace cairn::vector {

struct SegmentQuery {
  const float* vector = nullptr;  ///< unit length under cosine
  size_t k = 0;
  float target_recall = 0.98f;
  uint32_t ef = 0;                  ///< 0 = from the target
  const RowSet* allowed = nullptr;  ///< null = all rows
  /// A walk keeps a few more rows than k, because codes may put them in another order.
  bool keep_more = true;
};

/// Offers the nearest live, allowed rows of a segment to `hits`: min(k, how many there are) of them
/// at least, unless they score below its minimum.
///
/// The planner: exact when the target is 1 or when scoring every row that counts is no more work
/// than walking the graph; else a walk through the graph, through the allowed rows only when many
/// are not; and exact after all when a walk comes up short.
void SearchSegment(const Segment& segment, const RowMarks& dead, const SegmentQuery& query,
                   SearchScratch* scratch, BestHits* hits, SearchWork* work);

}  // namespace cairn::vector
