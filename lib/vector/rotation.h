#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cairn::vector {

/// A pseudo-random orthogonal rotation of vectors of one dimension, always the same for that
/// dimension. It spreads every direction of the data over all coordinates, so that one step width
/// fits them all and few bits per coordinate suffice.
///
/// Random signs and a fast Walsh-Hadamard transform; where the dimension is not a power of two,
/// once over the first and once over the last 2^j coordinates: O(dim log dim).
///
/// Thread safety: immutable.
class Rotation {
 public:
  explicit Rotation(uint32_t dim);
  /// Rotates `v` (dim floats) in place. Lengths and inner products stay the same up to rounding.
  void Apply(float* v) const;

 private:
  const size_t dim_;
  const size_t power_;  // the largest power of two not above dim_
  const size_t rounds_;
  std::vector<float> signs_;  // rounds_ x dim_, +-1
};

}  // namespace cairn::vector
