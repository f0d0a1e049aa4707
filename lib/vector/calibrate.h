#pragma once

#include "base/thread_pool.h"
#include "vector/calibration.h"
#include "vector/segment.h"

namespace cairn::vector {

/// Tries points between the segment's own vectors and their neighbours as queries, and compares
/// what beams of growing width find with an exact search. `pool` may be null.
Calibration Calibrate(const Segment& segment, ThreadPool* pool);

}  // namespace cairn::vector
