#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

#include "kernels/code_lanes_256.h"

struct CodeLanes : CodeLanes256 {
  static CAIRN_KERNEL_TARGET inline Sums Add7(Sums sums, Codes codes, Query query) {
    return _mm256_dpbusd_epi32(sums, codes, query);
  }
  static CAIRN_KERNEL_TARGET inline Sums Add4(Sums sums, Codes low, Query first, Codes high,
                                              Query second) {
    return _mm256_dpbusd_epi32(_mm256_dpbusd_epi32(sums, low, first), high, second);
  }
};

#include "kernels/code_distance_algorithm.h"

}  // namespace

constexpr CodeKernel kAvx512VnniCodeKernel = MakeCodeKernel("avx512vnni", kAvx2Parts);

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
