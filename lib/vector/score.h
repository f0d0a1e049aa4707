#pragma once

#include <cstddef>

#include "vector/vector_index.h"

namespace cairn::vector {

/// The score of a row: finite, higher is nearer. Both vectors have unit length under cosine. The
/// same to the last bit wherever it is computed, so equal vectors tie.
float Score(Metric metric, const float* query, const float* row, size_t dim);

/// The same from what the kernel computed: the dot product, or under L2 the squared distance.
float FinishScore(Metric metric, float raw, const float* query, const float* row, size_t dim);

}  // namespace cairn::vector
