#include "cairn_bench/exact_distance.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

// Compiled for newer processors too, and chosen when the program starts: the reference is on
// purpose not the library's own kernel.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CAIRN_BENCH_CLONES __attribute__((target_clones("arch=haswell", "default")))
#else
#define CAIRN_BENCH_CLONES
#endif

namespace cairn::bench {
namespace {

constexpr size_t kLanes = 32;

}  // namespace

CAIRN_BENCH_CLONES static float FastDot(const float* a, const float* b, size_t dim) {
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < dim; ++i) sums[i % kLanes] += a[i] * b[i];
  return std::accumulate(sums, sums + kLanes, 0.0f);
}

CAIRN_BENCH_CLONES static float FastL2(const float* a, const float* b, size_t dim) {
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float difference = a[i + lane] - b[i + lane];
      sums[lane] += difference * difference;
    }
  }
  for (; i < dim; ++i) sums[i % kLanes] += (a[i] - b[i]) * (a[i] - b[i]);
  return std::accumulate(sums, sums + kLanes, 0.0f);
}

double ExactDistance(Metric metric, const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) {
    const double x = a[i];
    const double y = b[i];
    sum += metric == Metric::kL2 ? (x - y) * (x - y) : x * y;
  }
  if (metric == Metric::kL2) return sum;
  return metric == Metric::kCosine ? 1 - sum : -sum;
}

float FastDistance(Metric metric, const float* a, const float* b, size_t dim) {
  return metric == Metric::kL2 ? FastL2(a, b, dim) : -FastDot(a, b, dim);
}

}  // namespace cairn::bench
