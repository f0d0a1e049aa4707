#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/distance.h"
#include "unit/kernels/reference.h"

namespace cairn::test {

/// Both single-pair functions against the reference, from pointers off every vector boundary.
inline void CheckPairs(const kernels::Kernel& kernel, size_t dim) {
  for (size_t shift : {0, 1, 3, 7, 15}) {
    std::vector<float> a = RandomFloats(dim + shift, 11);
    std::vector<float> b = RandomFloats(dim + 16 - shift, 22);
    const float* pa = a.data() + shift;
    const float* pb = b.data() + 16 - shift;
    Reference dot = DotReference(pa, pb, dim);
    EXPECT_NEAR(kernel.dot(pa, pb, dim), dot.value, dot.tolerance) << dim << " + " << shift;
    Reference l2 = L2Reference(pa, pb, dim);
    EXPECT_NEAR(kernel.l2_squared(pa, pb, dim), l2.value, l2.tolerance) << dim << " + " << shift;
    EXPECT_EQ(kernel.l2_squared(pa, pa, dim), 0);
  }
}

/// Both row functions against the single-pair ones, to the last bit, for every count up to 9.
inline void CheckRows(const kernels::Kernel& kernel, size_t dim) {
  constexpr size_t kMaxCount = 9;
  constexpr float kUntouched = 12345;
  std::vector<float> query = RandomFloats(dim, 33);
  std::vector<float> rows = RandomFloats(kMaxCount * dim + 1, 44);
  for (size_t count = 0; count <= kMaxCount; ++count) {
    std::vector<float> dots(count + 1, kUntouched);
    std::vector<float> l2s(count + 1, kUntouched);
    kernel.dot_rows(query.data(), rows.data() + 1, count, dim, dots.data());
    kernel.l2_squared_rows(query.data(), rows.data() + 1, count, dim, l2s.data());
    for (size_t i = 0; i < count; ++i) {
      const float* row = rows.data() + 1 + i * dim;
      EXPECT_EQ(dots[i], kernel.dot(query.data(), row, dim)) << dim << " row " << i;
      EXPECT_EQ(l2s[i], kernel.l2_squared(query.data(), row, dim)) << dim << " row " << i;
    }
    EXPECT_EQ(dots[count], kUntouched);
    EXPECT_EQ(l2s[count], kUntouched);
  }
}

}  // namespace cairn::test
