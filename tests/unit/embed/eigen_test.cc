#include "embed/eigen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::embed {
namespace {

using Values = std::vector<double>;

/// B B^T for a random n x rank matrix B.
Values RandomGram(size_t n, size_t rank, uint32_t seed) {
  std::mt19937 random(seed);
  Values b(n * rank);
  for (double& value : b) value = static_cast<double>(random()) / 4294967296.0 - 0.5;
  Values a(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t k = 0; k < rank; ++k) a[i * n + j] += b[i * rank + k] * b[j * rank + k];
    }
  }
  return a;
}

double Dot(size_t n, const double* x, const double* y) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

/// Every row of `vectors` is an eigenvector of `a` with its value, and they are orthonormal.
void ExpectEigenpairs(size_t n, const Values& a, const Values& values, const Values& vectors) {
  const double scale = std::max(1.0, std::fabs(values[0]));
  for (size_t i = 0; i < n; ++i) {
    const double* v = vectors.data() + i * n;
    for (size_t row = 0; row < n; ++row) {
      EXPECT_NEAR(Dot(n, a.data() + row * n, v), values[i] * v[row], 1e-12 * scale * 10);
    }
    for (size_t j = 0; j <= i; ++j) {
      EXPECT_NEAR(Dot(n, v, vectors.data() + j * n), i == j ? 1.0 : 0.0, 1e-12);
    }
    if (i > 0) {
      EXPECT_GE(values[i - 1], values[i]);
    }
  }
}

TEST(SymmetricEigenTest, ValuesThatAreNoNumbersAreAnError) {
  Values a{1, std::nan(""), std::nan(""), 1, 0, 2, 3, 4, 5};
  CAIRN_EXPECT_ERROR(SymmetricEigen(3, &a), Code::kInternal, "eigenvalue");
}

TEST(SymmetricEigenTest, EmptyMatrixHasNoValues) {
  Values a;
  auto values = SymmetricEigen(0, &a);
  CAIRN_ASSERT_OK(values);
  EXPECT_TRUE(values->empty());
}

TEST(SymmetricEigenTest, KnownTwoByTwo) {
  Values a{2, 1, 1, 2};
  auto values = SymmetricEigen(2, &a);
  CAIRN_ASSERT_OK(values);
  EXPECT_NEAR((*values)[0], 3, 1e-14);
  EXPECT_NEAR((*values)[1], 1, 1e-14);
  EXPECT_NEAR(a[0], a[1], 1e-14);
  EXPECT_NEAR(a[2], -a[3], 1e-14);
}

TEST(SymmetricEigenTest, ReadsTheUpperTriangleOnly) {
  Values a{2, 1, 99, 2};
  auto values = SymmetricEigen(2, &a);
  CAIRN_ASSERT_OK(values);
  EXPECT_NEAR((*values)[0], 3, 1e-14);
}

TEST(SymmetricEigenTest, NegativeValuesComeLast) {
  const Values original{0, 2, 0, 2, 0, 0, 0, 0, -5};
  Values a = original;
  auto values = SymmetricEigen(3, &a);
  CAIRN_ASSERT_OK(values);
  ExpectEigenpairs(3, original, *values, a);
  EXPECT_NEAR((*values)[2], -5, 1e-14);
}

TEST(SymmetricEigenTest, RandomMatricesOfManySizes) {
  for (size_t n : {1, 2, 3, 4, 7, 20, 65}) {
    const Values original = RandomGram(n, n, static_cast<uint32_t>(n));
    Values a = original;
    auto values = SymmetricEigen(n, &a);
    CAIRN_ASSERT_OK(values);
    ExpectEigenpairs(n, original, *values, a);
  }
}

TEST(SymmetricEigenTest, RankDeficientIdentityAndZero) {
  Values identity(36, 0.0);
  for (size_t i = 0; i < 6; ++i) identity[i * 7] = 1;
  for (const Values& original : {RandomGram(20, 5, 1), Values(25, 0.0), identity}) {
    const auto n = static_cast<size_t>(std::lround(std::sqrt(original.size())));
    Values a = original;
    auto values = SymmetricEigen(n, &a);
    CAIRN_ASSERT_OK(values);
    ExpectEigenpairs(n, original, *values, a);
  }
}

}  // namespace
}  // namespace cairn::embed
