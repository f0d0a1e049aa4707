#include <bit>
#include <cmath>

#include "kernels/distance.h"

namespace cairn::kernels {
namespace {

/// In double, so that no finite vector overflows and none but zero vanishes.
double SquaredLength(const float* v, size_t dim) {
  double sums[4] = {};
  size_t i = 0;
  for (; i + 4 <= dim; i += 4) {
    for (size_t c = 0; c < 4; ++c) sums[c] += double{v[i + c]} * double{v[i + c]};
  }
  for (; i < dim; ++i) sums[0] += double{v[i]} * double{v[i]};
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

bool Normalize(float* v, size_t dim) {
  double length = std::sqrt(SquaredLength(v, dim));
  if (!std::isfinite(length) || length == 0) return false;
  double scale = 1 / length;
  for (size_t i = 0; i < dim; ++i) v[i] = static_cast<float>(v[i] * scale);
  return true;
}

bool AllFinite(const float* v, size_t count) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    found |= static_cast<uint32_t>((std::bit_cast<uint32_t>(v[i]) & kExponent) == kExponent);
  }
  return found == 0;
}

}  // namespace cairn::kernels
