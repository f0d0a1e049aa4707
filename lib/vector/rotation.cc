#include "vector/rotation.h"

#include <bit>

#include "kernels/code_distance.h"

namespace cairn::vector {
namespace {

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
    kernels::ActiveCodeKernel().transform(round % 2 == 0 ? v : v + (dim_ - power_), power_);
  }
}

}  // namespace cairn::vector
