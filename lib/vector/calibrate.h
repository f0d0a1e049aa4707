#pragma once

#include "base/thread_pool.h"
#include "vector/calibration.h"
#include "vector/segment.h"

namespace cairn::vector {

/// Tries points like the segment's own as queries, compares what beams of growing width find with
/// an exact search, and fills in the calibration. `pool` may be null.
void Calibrate(ThreadPool* pool, Segment* segment);

}  // namespace cairn::vector
