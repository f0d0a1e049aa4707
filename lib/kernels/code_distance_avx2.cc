#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET __attribute__((target("avx2,fma")))

#include "kernels/code_lanes_256.h"

struct CodeLanes : CodeLanes256 {
  // Pairs of products: at most 2 * 127 * 127, which 16 bits hold.
  static CAIRN_KERNEL_TARGET inline Sums Add7(Sums sums, Codes codes, Query query) {
    __m256i pairs = _mm256_maddubs_epi16(codes, query);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static CAIRN_KERNEL_TARGET inline Sums Add4(Sums sums, Codes low, Query first, Codes high,
                                              Query second) {
    __m256i pairs =
        _mm256_add_epi16(_mm256_maddubs_epi16(low, first), _mm256_maddubs_epi16(high, second));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

#include "kernels/code_distance_algorithm.h"

}  // namespace

constexpr CodeKernel kAvx2CodeKernel = MakeCodeKernel("avx2", kAvx2Parts);

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
