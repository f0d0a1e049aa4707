#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/distance.h"
#include "unit/kernels/reference.h"

namespace cairn::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

double Length(const std::vector<float>& v) {
  return std::sqrt(test::DotReference(v.data(), v.data(), v.size()).value);
}

TEST(NormalizeTest, RefusesZeroAndLeavesItAlone) {
  for (size_t dim : {1, 2, 3, 4, 5, 17}) {
    std::vector<float> v(dim, 0);
    v.back() = -0.0f;
    EXPECT_FALSE(Normalize(v.data(), dim));
    EXPECT_TRUE(std::signbit(v.back()));
    EXPECT_EQ(v.back(), 0);
  }
  EXPECT_FALSE(Normalize(nullptr, 0));
}

TEST(NormalizeTest, RefusesWhatIsNotFiniteAndLeavesItAlone) {
  for (float bad : {kInfinity, -kInfinity, kNaN}) {
    for (size_t i = 0; i < 9; ++i) {
      std::vector<float> v(9, 2);
      v[i] = bad;
      EXPECT_FALSE(Normalize(v.data(), v.size()));
      EXPECT_FALSE(std::isfinite(v[i]));
      EXPECT_EQ(v[(i + 1) % 9], 2);
    }
  }
}

TEST(NormalizeTest, HugeAndTinyVectorsGetLengthOne) {
  for (float x : {FLT_MAX, 1e30f, 1.0f, 1e-30f, FLT_MIN, FLT_TRUE_MIN}) {
    for (size_t dim : {1, 3, 4, 7, 384}) {
      std::vector<float> v(dim, x);
      ASSERT_TRUE(Normalize(v.data(), dim)) << x;
      EXPECT_NEAR(Length(v), 1, 1e-6) << x << " x " << dim;
    }
  }
}

TEST(NormalizeTest, KeepsTheDirection) {
  for (size_t dim : test::TestDims()) {
    std::vector<float> before = test::RandomFloats(dim, 5);
    std::vector<float> after = before;
    ASSERT_TRUE(Normalize(after.data(), dim));
    EXPECT_NEAR(Length(after), 1, 1e-6);
    double length = Length(before);
    for (size_t i = 0; i < dim; ++i) {
      ASSERT_NEAR(after[i] * length, before[i], 1e-6 * std::fabs(before[i]) + 1e-30);
    }
  }
}

TEST(AllFiniteTest, FindsOneBadElementAnywhere) {
  for (size_t count = 1; count <= 70; ++count) {
    std::vector<float> v(count, FLT_MAX);
    v[count / 2] = -FLT_TRUE_MIN;
    ASSERT_TRUE(AllFinite(v.data(), count));
    for (size_t i = 0; i < count; ++i) {
      for (float bad : {kInfinity, -kInfinity, kNaN, -kNaN}) {
        float saved = v[i];
        v[i] = bad;
        ASSERT_FALSE(AllFinite(v.data(), count)) << i << " of " << count;
        v[i] = saved;
      }
    }
  }
}

TEST(AllFiniteTest, NothingIsFinite) { EXPECT_TRUE(AllFinite(nullptr, 0)); }

}  // namespace
}  // namespace cairn::kernels
