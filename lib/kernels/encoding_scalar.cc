#include <cmath>
#include <cstring>

#include "kernels/kernel_list.h"

#define CAIRN_KERNEL_TARGET

namespace cairn::kernels {
namespace {

#include "kernels/encoding_algorithm.h"

}  // namespace

void TransformScalar(float* v, size_t count) {
  size_t half = 1;
  if (count >= 4) {
    for (size_t i = 0; i < count; i += 4) {
      float a = v[i] + v[i + 1];
      float b = v[i] - v[i + 1];
      float c = v[i + 2] + v[i + 3];
      float d = v[i + 2] - v[i + 3];
      v[i] = a + c;
      v[i + 1] = b + d;
      v[i + 2] = a - c;
      v[i + 3] = b - d;
    }
    half = 4;
  }
  TransformFrom(half, v, count);
  ScaleAll(1 / std::sqrt(static_cast<float>(count)), v, count);
}

RoundedQuery RoundQueryScalar(float* v, size_t dim, int8_t* lanes) {
  return RoundAll(v, dim, lanes);
}

}  // namespace cairn::kernels
