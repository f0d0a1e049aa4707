#include "embed/matrix.h"

#include <random>

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::embed {
namespace {

Matrix RandomMatrix(size_t rows, size_t cols, uint32_t seed) {
  std::mt19937 random(seed);
  Matrix m(rows, cols);
  for (size_t i = 0; i < rows * cols; ++i) {
    m.row(0)[i] = static_cast<float>(random()) / 4294967296.0F - 0.5F;
  }
  return m;
}

double ColumnDot(const Matrix& m, size_t a, size_t b) {
  double sum = 0;
  for (size_t i = 0; i < m.rows(); ++i) sum += static_cast<double>(m.row(i)[a]) * m.row(i)[b];
  return sum;
}

TEST(OrthonormalizeTest, EmptyMatrices) {
  const Work work(nullptr, nullptr);
  Matrix no_columns(5, 0);
  auto none = Orthonormalize(work, &no_columns);
  CAIRN_ASSERT_OK(none);
  EXPECT_TRUE(none->empty());
  Matrix no_rows(0, 3);
  auto zeros = Orthonormalize(work, &no_rows);
  CAIRN_ASSERT_OK(zeros);
  EXPECT_EQ(*zeros, (std::vector<double>{0, 0, 0}));
}

TEST(OrthonormalizeTest, DependentColumnsBecomeZero) {
  const Work work(nullptr, nullptr);
  Matrix m = RandomMatrix(50, 4, 1);
  for (size_t i = 0; i < m.rows(); ++i) {
    m.row(i)[2] = m.row(i)[0] + m.row(i)[1];
    m.row(i)[3] = 2 * m.row(i)[0];
  }
  auto singular = Orthonormalize(work, &m);
  CAIRN_ASSERT_OK(singular);
  EXPECT_GT((*singular)[1], 0.0);
  EXPECT_EQ((*singular)[2], 0.0);
  EXPECT_EQ((*singular)[3], 0.0);
  EXPECT_EQ(ColumnDot(m, 2, 2), 0.0);
  EXPECT_EQ(ColumnDot(m, 3, 3), 0.0);
}

TEST(OrthonormalizeTest, ColumnsAreOrthonormalOverSeveralRowBlocks) {
  const Work work(nullptr, nullptr);
  Matrix m = RandomMatrix(3000, 30, 2);
  auto singular = Orthonormalize(work, &m);
  CAIRN_ASSERT_OK(singular);
  for (size_t a = 0; a < 30; ++a) {
    for (size_t b = 0; b <= a; ++b) EXPECT_NEAR(ColumnDot(m, a, b), a == b ? 1 : 0, 1e-5);
    if (a > 0) {
      EXPECT_GE((*singular)[a - 1], (*singular)[a]);
    }
  }
}

TEST(OrthonormalizeTest, SingularValuesOfDiagonalMatrix) {
  const Work work(nullptr, nullptr);
  Matrix m(3, 2);
  m.row(0)[0] = 3;
  m.row(2)[1] = 5;
  auto singular = Orthonormalize(work, &m);
  CAIRN_ASSERT_OK(singular);
  EXPECT_NEAR((*singular)[0], 5, 1e-12);
  EXPECT_NEAR((*singular)[1], 3, 1e-12);
  EXPECT_NEAR(std::abs(m.row(2)[0]), 1, 1e-6);
  EXPECT_NEAR(std::abs(m.row(0)[1]), 1, 1e-6);
}

}  // namespace
}  // namespace cairn::embed
