#include "kernels/kernel_list.h"

#if CAIRN_KERNELS_NEON

#include <arm_neon.h>

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET

struct CodeLanes {
  struct Codes {
    int8x16_t half[2];
  };
  using Query = Codes;
  using Sums = int32x4_t;

  static inline Sums Zero() { return vdupq_n_s32(0); }
  // Codes are at most 127, so they are the same numbers signed.
  static inline Codes LoadCodes(const uint8_t* p) {
    return {{vreinterpretq_s8_u8(vld1q_u8(p)), vreinterpretq_s8_u8(vld1q_u8(p + 16))}};
  }
  static inline Query LoadQuery(const int8_t* p) { return {{vld1q_s8(p), vld1q_s8(p + 16)}}; }
  static inline Codes Low(Codes codes) {
    for (int8x16_t& half : codes.half) half = vandq_s8(half, vdupq_n_s8(15));
    return codes;
  }
  static inline Codes High(Codes codes) {
    for (int8x16_t& half : codes.half) {
      half = vreinterpretq_s8_u8(vshrq_n_u8(vreinterpretq_u8_s8(half), 4));
    }
    return codes;
  }
  // A 16-bit lane holds one product (at most 127 * 127); pairs are added in 32 bits.
  static inline Sums Add7(Sums sums, Codes codes, Query query) {
    for (size_t i = 0; i < 2; ++i) {
      int8x16_t c = codes.half[i];
      int8x16_t q = query.half[i];
      sums = vpadalq_s16(sums, vmull_s8(vget_low_s8(c), vget_low_s8(q)));
      sums = vpadalq_s16(sums, vmull_s8(vget_high_s8(c), vget_high_s8(q)));
    }
    return sums;
  }
  static inline Sums Add4(Sums sums, Codes low, Query first, Codes high, Query second) {
    return Add7(Add7(sums, low, first), high, second);
  }
  static inline void Sum4(const Sums* sums, int32_t* out) {
    for (size_t i = 0; i < 4; ++i) {
      int32x2_t half = vadd_s32(vget_low_s32(sums[i]), vget_high_s32(sums[i]));
      out[i] = vget_lane_s32(vpadd_s32(half, half), 0);
    }
  }
};

#include "kernels/code_distance_algorithm.h"

}  // namespace

constexpr CodeKernel kNeonCodeKernel = MakeCodeKernel("neon", kScalarParts);

}  // namespace cairn::kernels

#endif  // CAIRN_KERNELS_NEON
