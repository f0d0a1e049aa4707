#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::kernels {

/// The Walsh-Hadamard transform of `count` values in place, scaled to keep lengths. `count` is a
/// power of two. Every instruction set adds in the same order, so all give the same.
using TransformFunction = void(float* v, size_t count);

/// What a query became: lane d stands for lane / scale.
struct RoundedQuery {
  /// 127 over the largest size; 0, and all lanes 0, where a float has no room for that: of a query
  /// of zeros, or with a value that is not finite.
  float scale = 0;
  int32_t sum = 0;  ///< of the lanes
  int32_t squares = 0;
};

/// Rounds `dim` values, at most 2^16, to int8 lanes whose largest size is 127. `v` is left with
/// what rounding lost, times the scale. Every instruction set gives the same.
using RoundQueryFunction = RoundedQuery(float* v, size_t dim, int8_t* lanes);

}  // namespace cairn::kernels
