#pragma once

#include <cstddef>

#include "vector/vector_index.h"

namespace cairn::bench {

using vector::Metric;

/// Smaller is nearer: the squared L2 distance, minus the inner product, or, under cosine and for
/// rows of unit length, 1 minus the inner product. Summed in double.
double ExactDistance(Metric metric, const float* a, const float* b, size_t dim);

/// The same order in float, fast: minus the inner product under cosine too.
float FastDistance(Metric metric, const float* a, const float* b, size_t dim);

}  // namespace cairn::bench
