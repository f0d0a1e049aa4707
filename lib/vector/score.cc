#include "vector/score.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "kernels/distance.h"

namespace cairn::vector {
namespace {

/// In double, which no sum of products of floats overflows; brought back to the range of float.
float ScoreInDouble(Metric metric, const float* query, const float* row, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) {
    auto q = static_cast<double>(query[i]);
    auto r = static_cast<double>(row[i]);
    sum += metric == Metric::kL2 ? -(q - r) * (q - r) : q * r;
  }
  return static_cast<float>(std::clamp<double>(sum, -FLT_MAX, FLT_MAX));
}

}  // namespace

float FinishScore(Metric metric, float raw, const float* query, const float* row, size_t dim) {
  if (metric == Metric::kCosine) return std::clamp(raw, -1.0f, 1.0f);
  float score = metric == Metric::kL2 ? 0 - raw : raw;
  return std::isfinite(score) ? score : ScoreInDouble(metric, query, row, dim);
}

float Score(Metric metric, const float* query, const float* row, size_t dim) {
  const kernels::Kernel& kernel = kernels::ActiveKernel();
  float raw =
      metric == Metric::kL2 ? kernel.l2_squared(query, row, dim) : kernel.dot(query, row, dim);
  return FinishScore(metric, raw, query, row, dim);
}

}  // namespace cairn::vector
