#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_list.h"
#include "unit/kernels/kernel_checks.h"

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET

/// The shape of the widest kernel in plain floats: checks the shared algorithm at 16 lanes on
/// processors that have no such registers.
struct Lanes {
  struct Vec {
    float lane[16];
  };
  static constexpr size_t kWidth = 16;
  static constexpr size_t kRowsPerPass = 4;

  static Vec Zero() { return {}; }
  static Vec Load(const float* p) { return LoadFirst(p, kWidth); }
  static Vec LoadFirst(const float* p, size_t n) {
    Vec v{};
    for (size_t i = 0; i < n; ++i) v.lane[i] = p[i];
    return v;
  }
  static Vec MulAdd(Vec a, Vec b, Vec c) {
    for (size_t i = 0; i < kWidth; ++i) c.lane[i] += a.lane[i] * b.lane[i];
    return c;
  }
  static Vec Sub(Vec a, Vec b) {
    for (size_t i = 0; i < kWidth; ++i) a.lane[i] -= b.lane[i];
    return a;
  }
  static Vec Add(Vec a, Vec b) {
    for (size_t i = 0; i < kWidth; ++i) a.lane[i] += b.lane[i];
    return a;
  }
  static float Sum(Vec v) {
    float sum = 0;
    for (float lane : v.lane) sum += lane;
    return sum;
  }
};

#include "kernels/distance_algorithm.h"

TEST(AlgorithmTest, SixteenLanesPairsAgreeWithDoublePrecision) {
  for (size_t dim : test::TestDims()) test::CheckPairs(MakeKernel("test"), dim);
}

TEST(AlgorithmTest, SixteenLanesRowsAgreeWithPairsToTheLastBit) {
  for (size_t dim : test::TestDims()) test::CheckRows(MakeKernel("test"), dim);
}

}  // namespace
}  // namespace cairn::kernels
