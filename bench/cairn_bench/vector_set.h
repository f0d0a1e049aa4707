#pragma once

#include <cstddef>
#include <vector>

namespace cairn::bench {

/// Rows of float32 numbers, one after another.
struct VectorSet {
  size_t dim = 0;
  std::vector<float> values;

  size_t count() const { return dim == 0 ? 0 : values.size() / dim; }
  const float* Row(size_t row) const { return values.data() + row * dim; }
};

/// Scales every row to unit length. Throws, naming the row, when one has no length.
void Normalize(VectorSet* set);

}  // namespace cairn::bench
