#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

#include <cmath>
#include <cstring>

// Without fma: products must be rounded before they are added, as everywhere else.
#define CAIRN_KERNEL_TARGET __attribute__((target("avx2")))

namespace cairn::kernels {
namespace {

#include "kernels/encoding_algorithm.h"

/// The levels that join values within a register: each value plus its partner, or, where `minus`
/// has the sign bit, the partner minus the value.
CAIRN_KERNEL_TARGET inline __m256 Join(__m256 values, __m256 partners, __m256 minus) {
  return _mm256_add_ps(partners, _mm256_xor_ps(values, minus));
}

CAIRN_KERNEL_TARGET inline void TransformEights(float* v, size_t count) {
  const __m256 odd = _mm256_setr_ps(0, -0.0f, 0, -0.0f, 0, -0.0f, 0, -0.0f);
  const __m256 odd_pairs = _mm256_setr_ps(0, 0, -0.0f, -0.0f, 0, 0, -0.0f, -0.0f);
  const __m256 high = _mm256_setr_ps(0, 0, 0, 0, -0.0f, -0.0f, -0.0f, -0.0f);
  for (size_t i = 0; i < count; i += 8) {
    __m256 x = _mm256_loadu_ps(v + i);
    x = Join(x, _mm256_permute_ps(x, _MM_SHUFFLE(2, 3, 0, 1)), odd);
    x = Join(x, _mm256_permute_ps(x, _MM_SHUFFLE(1, 0, 3, 2)), odd_pairs);
    x = Join(x, _mm256_permute2f128_ps(x, x, 1), high);
    _mm256_storeu_ps(v + i, x);
  }
}

}  // namespace

CAIRN_KERNEL_TARGET void TransformAvx2(float* v, size_t count) {
  if (count < 8) return TransformScalar(v, count);
  TransformEights(v, count);
  TransformFrom(8, v, count);
  ScaleAll(1 / std::sqrt(static_cast<float>(count)), v, count);
}

CAIRN_KERNEL_TARGET RoundedQuery RoundQueryAvx2(float* v, size_t dim, int8_t* lanes) {
  return RoundAll(v, dim, lanes);
}

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
