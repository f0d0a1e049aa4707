#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET __attribute__((target("avx2,fma")))

alignas(32) constexpr int32_t kFirstMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

struct Lanes {
  using Vec = __m256;
  static constexpr size_t kWidth = 8;
  static constexpr size_t kRowsPerPass = 2;  // 8 sums: as many as two FMA units keep in flight

  static CAIRN_KERNEL_TARGET inline Vec Zero() { return _mm256_setzero_ps(); }
  static CAIRN_KERNEL_TARGET inline Vec Load(const float* p) { return _mm256_loadu_ps(p); }
  static CAIRN_KERNEL_TARGET inline Vec LoadFirst(const float* p, size_t n) {
    const int32_t* mask = kFirstMask + kWidth - n;
    return _mm256_maskload_ps(p, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(mask)));
  }
  static CAIRN_KERNEL_TARGET inline Vec MulAdd(Vec a, Vec b, Vec c) {
    return _mm256_fmadd_ps(a, b, c);
  }
  static CAIRN_KERNEL_TARGET inline Vec Sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
  static CAIRN_KERNEL_TARGET inline Vec Add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static CAIRN_KERNEL_TARGET inline float Sum(Vec v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
  }
};

#include "kernels/distance_algorithm.h"

}  // namespace

constexpr Kernel kAvx2Kernel = MakeKernel("avx2");

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
