#include "vector/rotation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDims[] = {1, 2, 3, 5, 64, 96, 128, 768, 784, 1536};

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

TEST(RotationTest, LengthsAndInnerProductsAreKept) {
  std::mt19937 random(11);
  for (uint32_t dim : kDims) {
    Rotation rotation(dim);
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<float> a = test::RandomVectors(random, 1, dim);
      std::vector<float> b = test::RandomVectors(random, 1, dim);
      double scale = std::sqrt(Dot(a, a) * Dot(b, b));
      double length = Dot(a, a);
      double product = Dot(a, b);
      rotation.Apply(a.data());
      rotation.Apply(b.data());
      EXPECT_NEAR(Dot(a, a), length, 1e-5 * length) << dim;
      EXPECT_NEAR(Dot(a, b), product, 1e-5 * scale) << dim;
    }
  }
}

TEST(RotationTest, NoTwoCoordinatesFallTogether) {
  for (uint32_t dim : {1u, 2u, 3u, 5u, 64u, 96u, 100u}) {
    Rotation rotation(dim);
    std::vector<std::vector<float>> columns;
    for (uint32_t d = 0; d < dim; ++d) {
      std::vector<float> unit(dim, 0);
      unit[d] = 1;
      rotation.Apply(unit.data());
      for (uint32_t e = 0; e < d; ++e) ASSERT_NEAR(Dot(unit, columns[e]), 0, 1e-5) << dim;
      ASSERT_NEAR(Dot(unit, unit), 1, 1e-5) << dim;
      columns.push_back(unit);
    }
  }
}

TEST(RotationTest, OneDirectionIsSpreadOverAllCoordinates) {
  for (uint32_t dim : {64u, 96u, 128u, 768u, 784u, 1536u}) {
    Rotation rotation(dim);
    for (uint32_t d : {0u, dim / 2, dim - 1}) {
      std::vector<float> unit(dim, 0);
      unit[d] = 1;
      rotation.Apply(unit.data());
      float largest = 0;
      for (float x : unit) largest = std::max(largest, std::fabs(x));
      EXPECT_LT(largest, 6 / std::sqrt(static_cast<float>(dim))) << dim << " at " << d;
    }
  }
}

TEST(RotationTest, AlwaysTheSame) {
  for (uint32_t dim : kDims) {
    std::mt19937 random(dim);
    std::vector<float> a = test::RandomVectors(random, 1, dim);
    std::vector<float> b = a;
    Rotation(dim).Apply(a.data());
    Rotation(dim).Apply(b.data());
    EXPECT_EQ(a, b) << dim;
  }
}

}  // namespace
}  // namespace cairn::vector
