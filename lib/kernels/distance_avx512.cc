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
  /// By halves with zero-masked extracts: GCC 12 warns inside its own reduce and cast intrinsics.
  static CAIRN_KERNEL_TARGET inline float Sum(Vec v) {
    __m512d bits = _mm512_castps_pd(v);
    __m256 low = _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xff, bits, 0));
    __m256 high = _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xff, bits, 1));
    __m256 sum8 = _mm256_add_ps(low, high);
    __m128 sum4 = _mm_add_ps(_mm256_castps256_ps128(sum8), _mm256_extractf128_ps(sum8, 1));
    __m128 sum2 = _mm_add_ps(sum4, _mm_movehl_ps(sum4, sum4));
    return _mm_cvtss_f32(_mm_add_ss(sum2, _mm_movehdup_ps(sum2)));
  }
};

#include "kernels/distance_algorithm.h"

}  // namespace

constexpr Kernel kAvx512Kernel = MakeKernel("avx512");

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
