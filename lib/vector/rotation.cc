#include "vector/rotation.h"

#include <bit>
#include <cmath>

namespace cairn::vector {
namespace {

/// The Walsh-Hadamard transform of 2^j values, scaled to keep lengths.
void Transform(float* v, size_t count) {
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
  for (; half * 2 < count; half *= 4) {
    for (size_t i = 0; i < count; i += 4 * half) {
      float* __restrict p = v + i;
      float* __restrict q = p + half;
      float* __restrict r = q + half;
      float* __restrict s = r + half;
      for (size_t j = 0; j < half; ++j) {
        float a = p[j] + q[j];
        float b = p[j] - q[j];
        float c = r[j] + s[j];
        float d = r[j] - s[j];
        p[j] = a + c;
        q[j] = b + d;
        r[j] = a - c;
        s[j] = b - d;
      }
    }
  }
  if (half < count) {
    float* __restrict low = v;
    float* __restrict high = v + half;
    for (size_t j = 0; j < half; ++j) {
      float a = low[j];
      float b = high[j];
      low[j] = a + b;
      high[j] = a - b;
    }
  }
  float scale = 1 / std::sqrt(static_cast<float>(count));
  for (size_t i = 0; i < count; ++i) v[i] *= scale;
}

/// splitmix64 (Steele, Lea and Flood, OOPSLA 2014): the signs are part of the file format.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

Rotation::Rotation(uint32_t dim)
    : dim_(dim), power_(std::bit_floor(size_t{dim})), rounds_(power_ == dim_ ? 1 : 2) {
  signs_.resize(rounds_ * dim_);
  uint64_t state = dim;
  for (float& sign : signs_) sign = (NextRandom(&state) >> 63) != 0 ? 1.0f : -1.0f;
}

void Rotation::Apply(float* v) const {
  for (size_t round = 0; round < rounds_; ++round) {
    const float* signs = signs_.data() + round * dim_;
    for (size_t i = 0; i < dim_; ++i) v[i] *= signs[i];
    Transform(round % 2 == 0 ? v : v + (dim_ - power_), power_);
  }
}

}  // namespace cairn::vector
