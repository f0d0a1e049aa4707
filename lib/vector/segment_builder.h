#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/status.h"
#include "base/thread_pool.h"
#include "vector/row_marks.h"
#include "vector/row_table.h"
#include "vector/segment.h"

namespace cairn::vector {

/// What a new segment is made of.
struct SegmentInput {
  SegmentPtr base;       ///< its graph is kept and grown; may be null
  RowMarks base_dead;    ///< rows of `base` that do not count any more
  RowTable added;        ///< live rows; unit length under cosine
  bool compact = false;  ///< leave the dead rows of `base` out, not only when they are many
};

struct SegmentBuildOptions {
  Metric metric = Metric::kCosine;
  ThreadPool* pool = nullptr;  ///< borrowed; null = the calling thread alone
  std::function<bool()> cancelled;
};

struct BuiltSegment {
  std::shared_ptr<Segment> segment;
  bool compacted = false;  ///< else the rows of the base kept their numbers, dead ones included
};

/// Builds codes, graph and calibration. kCancelled when asked to stop.
Result<BuiltSegment> BuildSegment(const SegmentInput& input, const SegmentBuildOptions& options);

}  // namespace cairn::vector
