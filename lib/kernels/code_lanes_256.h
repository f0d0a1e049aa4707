// What the x86 sets have in common: codes, queries and sums in 256 bits. No include guard: included
// like code_distance_algorithm.h, after CAIRN_KERNEL_TARGET is defined; Add7 and Add4 are left to
// do.

struct CodeLanes256 {
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
  static CAIRN_KERNEL_TARGET inline void Sum4(const Sums* sums, int32_t* out) {
    __m256i sum =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)));
  }
};
