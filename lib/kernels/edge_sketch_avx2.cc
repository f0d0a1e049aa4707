#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_X86

#include <immintrin.h>

#include <algorithm>

// Without fma: products must be rounded before they are added, as everywhere else.
#define CAIRN_KERNEL_TARGET __attribute__((target("avx2")))

namespace cairn::kernels {
namespace {

/// Sixteen sums; of what a sketch holds the first twelve count.
struct Projections {
  __m256i low;
  __m256i high;
};

/// The sums of 64-bit lanes 0 to 7, each below 2^31.
CAIRN_KERNEL_TARGET inline __m256i Narrow(__m256i first, __m256i second) {
  __m256i mixed = _mm256_castps_si256(_mm256_shuffle_ps(
      _mm256_castsi256_ps(first), _mm256_castsi256_ps(second), _MM_SHUFFLE(2, 0, 2, 0)));
  return _mm256_permute4x64_epi64(mixed, _MM_SHUFFLE(3, 1, 2, 0));
}

CAIRN_KERNEL_TARGET inline Projections Project(const uint8_t* code, size_t lanes) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i sums[4] = {zero, zero, zero, zero};
  for (size_t chunk = 0; chunk + kProjectedLanes <= lanes; chunk += kProjectedLanes) {
    for (size_t i = 0; i < 4; ++i) {
      __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(code + chunk + i * 32));
      sums[i] = _mm256_add_epi64(sums[i], _mm256_sad_epu8(bytes, zero));
    }
  }
  return {Narrow(sums[0], sums[1]), Narrow(sums[2], sums[3])};
}

CAIRN_KERNEL_TARGET inline float SumOfSizes(__m256 low, __m256 high) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 folded = _mm256_add_ps(_mm256_andnot_ps(sign, low), _mm256_andnot_ps(sign, high));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(folded), _mm256_extractf128_ps(folded, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// Sixteen floats, rounded, as signed bytes.
CAIRN_KERNEL_TARGET inline __m128i ToBytes(__m256 low, __m256 high) {
  const __m256 least = _mm256_set1_ps(-128.0f);
  const __m256 most = _mm256_set1_ps(127.0f);
  __m256i a = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(low, least), most));
  __m256i b = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(high, least), most));
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
  return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/// Entry b: the sum of steps 4 * table to 4 * table + 3, each negative where its bit of b is not
/// set.
CAIRN_KERNEL_TARGET inline __m256i TableOf(__m128i steps, char table) {
  const __m128i bits[4] = {_mm_setr_epi8(-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1),
                           _mm_setr_epi8(-1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1),
                           _mm_setr_epi8(-1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1),
                           _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1)};
  __m128i sum = _mm_setzero_si128();
  for (char k = 0; k < 4; ++k) {
    __m128i step = _mm_shuffle_epi8(steps, _mm_set1_epi8(static_cast<char>(4 * table + k)));
    sum = _mm_add_epi8(sum, _mm_sign_epi8(step, bits[static_cast<size_t>(k)]));
  }
  return _mm256_broadcastsi128_si256(sum);
}

/// Edges 0 to 15 in the low lane, 16 to 31 in the high one, one byte each.
CAIRN_KERNEL_TARGET inline __m256i EdgesOf(const uint8_t* sketch, size_t plane) {
  __m128i bytes =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(sketch + plane * kSketchPlaneBytes));
  __m256i both =
      _mm256_inserti128_si256(_mm256_castsi128_si256(bytes), _mm_srli_epi16(bytes, 4), 1);
  return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

}  // namespace

CAIRN_KERNEL_TARGET void ProjectCodeAvx2(const uint8_t* code, size_t lanes, int32_t* sums) {
  Projections projections = Project(code, lanes);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums), projections.low);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + 8), projections.high);
}

CAIRN_KERNEL_TARGET uint32_t PromisingEdgesAvx2(const EdgeProbe& probe, const uint8_t* code,
                                                size_t lanes, const uint8_t* sketch) {
  Projections own = Project(code, lanes);
  __m256 low = _mm256_sub_ps(_mm256_loadu_ps(probe.query), _mm256_cvtepi32_ps(own.low));
  __m256 high = _mm256_sub_ps(_mm256_loadu_ps(probe.query + 8), _mm256_cvtepi32_ps(own.high));
  high = _mm256_blend_ps(high, _mm256_setzero_ps(), 0xF0);
  __m256 scale = _mm256_set1_ps(kSketchScale / std::max(SumOfSizes(low, high), kSketchLeastSum));
  __m128i steps = ToBytes(_mm256_mul_ps(low, scale), _mm256_mul_ps(high, scale));

  __m256 reach = _mm256_set1_ps(probe.reach);
  __m256 bounds[2];
  for (size_t i = 0; i < 2; ++i) {
    __m256 slope = _mm256_loadu_ps(probe.slope + 8 * i);
    __m256 inverse = _mm256_loadu_ps(probe.inverse + 8 * i);
    bounds[i] = _mm256_mul_ps(_mm256_sub_ps(slope, _mm256_mul_ps(reach, inverse)), scale);
  }
  __m256i least = _mm256_broadcastsi128_si256(ToBytes(bounds[0], bounds[1]));

  __m256i sum = _mm256_shuffle_epi8(TableOf(steps, 0), EdgesOf(sketch, 0));
  sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(TableOf(steps, 1), EdgesOf(sketch, 1)));
  sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(TableOf(steps, 2), EdgesOf(sketch, 2)));
  __m256i needed = _mm256_shuffle_epi8(least, EdgesOf(sketch, 3));
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(sum, needed)));
}

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_X86
