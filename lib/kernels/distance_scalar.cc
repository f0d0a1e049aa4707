#include <cstring>

#include "kernels/kernel_list.h"

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET

/// Four floats in the compiler's own vector type: whatever the baseline of the target offers (SSE2,
/// NEON, or plain scalar code), with no instruction set asked for.
struct Lanes {
  typedef float Vec __attribute__((vector_size(16)));
  static constexpr size_t kWidth = 4;
  static constexpr size_t kRowsPerPass = 2;

  static Vec Zero() { return Vec{0, 0, 0, 0}; }
  static Vec Load(const float* p) {
    Vec v;
    std::memcpy(&v, p, sizeof(v));
    return v;
  }
  static Vec LoadFirst(const float* p, size_t n) {
    Vec v = Zero();
    for (size_t i = 0; i < n; ++i) v[i] = p[i];
    return v;
  }
  static Vec MulAdd(Vec a, Vec b, Vec c) { return a * b + c; }
  static Vec Sub(Vec a, Vec b) { return a - b; }
  static Vec Add(Vec a, Vec b) { return a + b; }
  static float Sum(Vec v) { return (v[0] + v[2]) + (v[1] + v[3]); }
};

#include "kernels/distance_algorithm.h"

}  // namespace

constexpr Kernel kScalarKernel = MakeKernel("scalar");

}  // namespace cairn::kernels
