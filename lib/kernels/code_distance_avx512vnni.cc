#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

struct CodeLanes {
  using Codes = __m256i;
  using Query = __m256i;
  using Sums = __m256i;

  static CAIRN_KERNEL_TARGET inline Sums Zero() { return _mm256_setzero_si256(); }
  static CAIRN_KERNEL_TARGET inline Codes LoadCodes(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static CAIRN_KERNEL_TARGET inline Query LoadQuery(const int8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static CAIRN_KERNEL_TARGET inline Codes Low(Codes codes) {
    return _mm256_and_si256(codes, _mm256_set1_epi8(15));
  }
  static CAIRN_KERNEL_TARGET inline Codes High(Codes codes) {
    return _mm256_and_si256(_mm256_srli_epi16(codes, 4), _mm256_set1_epi8(15));
  }
  static CAIRN_KERNEL_TARGET inline Sums Add7(Sums sums, Codes codes, Query query) {
    return _mm256_dpbusd_epi32(sums, codes, query);
  }
  static CAIRN_KERNEL_TARGET inline Sums Add4(Sums sums, Codes low, Query first, Codes high,
                                              Query second) {
    return _mm256_dpbusd_epi32(_mm256_dpbusd_epi32(sums, low, first), high, second);
  }
  static CAIRN_KERNEL_TARGET inline void Sum4(const Sums* sums, int32_t* out) {
    __m256i sum =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)));
  }
};

#include "kernels/code_distance_algorithm.h"

}  // namespace

constexpr CodeKernel kAvx512VnniCodeKernel = MakeCodeKernel("avx512vnni");

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
