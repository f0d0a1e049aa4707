#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET __attribute__((target("avx512f")))

struct Lanes {
  using Vec = __m512;
  static constexpr size_t kWidth = 16;
  static constexpr size_t kRowsPerPass = 4;  // 16 accumulators of 32 registers

  static CAIRN_KERNEL_TARGET inline Vec Zero() { return _mm512_setzero_ps(); }
  static CAIRN_KERNEL_TARGET inline Vec Load(const float* p) { return _mm512_loadu_ps(p); }
  static CAIRN_KERNEL_TARGET inline Vec LoadFirst(const float* p, size_t n) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
  }
  static CAIRN_KERNEL_TARGET inline Vec MulAdd(Vec a, Vec b, Vec c) {
    return _mm512_fmadd_ps(a, b, c);
  }
  static CAIRN_KERNEL_TARGET inline Vec Sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static CAIRN_KERNEL_TARGET inline Vec Add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static CAIRN_KERNEL_TARGET inline float Sum(Vec v) { return _mm512_reduce_add_ps(v); }
};

#include "kernels/distance_algorithm.h"

}  // namespace

constexpr Kernel kAvx512Kernel = MakeKernel("avx512");

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
