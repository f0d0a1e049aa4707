#include "embed/svd.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::embed {
namespace {

SparseMatrix FromDense(size_t rows, size_t cols, const std::vector<float>& values) {
  SparseMatrix m;
  m.rows = rows;
  m.cols = cols;
  m.begin.push_back(0);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      if (values[i * cols + j] == 0) continue;
      m.col.push_back(static_cast<uint32_t>(j));
      m.value.push_back(values[i * cols + j]);
    }
    m.begin.push_back(m.col.size());
  }
  return m;
}

/// sum over j of values[j] x left_j right_j^T with random unit vectors made orthogonal.
struct Known {
  SparseMatrix matrix;
  std::vector<std::vector<double>> right;
};

std::vector<std::vector<double>> OrthogonalVectors(size_t count, size_t dim, std::mt19937* random) {
  std::vector<std::vector<double>> out;
  for (size_t i = 0; i < count; ++i) {
    std::vector<double> v(dim);
    for (double& x : v) x = static_cast<double>((*random)()) / 4294967296.0 - 0.5;
    for (const auto& u : out) {
      double dot = 0;
      for (size_t k = 0; k < dim; ++k) dot += u[k] * v[k];
      for (size_t k = 0; k < dim; ++k) v[k] -= dot * u[k];
    }
    double norm = 0;
    for (double x : v) norm += x * x;
    for (double& x : v) x /= std::sqrt(norm);
    out.push_back(std::move(v));
  }
  return out;
}

Known MakeKnown(size_t rows, size_t cols, const std::vector<double>& values) {
  std::mt19937 random(5);
  auto left = OrthogonalVectors(values.size(), rows, &random);
  Known known;
  known.right = OrthogonalVectors(values.size(), cols, &random);
  std::vector<float> dense(rows * cols, 0.0F);
  for (size_t r = 0; r < values.size(); ++r) {
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < cols; ++j) {
        dense[i * cols + j] += static_cast<float>(values[r] * left[r][i] * known.right[r][j]);
      }
    }
  }
  known.matrix = FromDense(rows, cols, dense);
  return known;
}

Result<RightSingular> Svd(const SparseMatrix& m, size_t rank, uint64_t seed = 42) {
  return RandomizedSvd(Work(nullptr, nullptr), m, Transpose(m), rank, seed);
}

TEST(RandomizedSvdTest, StopsWhenCancelled) {
  const SparseMatrix m = MakeKnown(30, 20, {3, 2, 1}).matrix;
  const std::function<bool()> cancelled = [] { return true; };
  CAIRN_EXPECT_ERROR(RandomizedSvd(Work(nullptr, &cancelled), m, Transpose(m), 3, 1),
                     Code::kCancelled, "cancelled");
}

TEST(RandomizedSvdTest, EmptyMatrixHasNoVectors) {
  auto svd = Svd(FromDense(0, 7, {}), 5);
  CAIRN_ASSERT_OK(svd);
  EXPECT_EQ(svd->vectors.rows(), 7U);
  EXPECT_EQ(svd->vectors.cols(), 0U);
}

TEST(RandomizedSvdTest, RankIsCutToTheSmallerSide) {
  auto svd = Svd(MakeKnown(4, 9, {3, 2, 1}).matrix, 256);
  CAIRN_ASSERT_OK(svd);
  EXPECT_EQ(svd->vectors.cols(), 4U);
  EXPECT_NEAR(svd->values[2], 1, 1e-4);
  EXPECT_NEAR(svd->values[3], 0, 1e-4);
}

TEST(RandomizedSvdTest, FindsKnownValuesAndVectors) {
  const std::vector<double> values{10, 7, 5, 3, 2};
  const Known known = MakeKnown(120, 80, values);
  auto svd = Svd(known.matrix, values.size());
  CAIRN_ASSERT_OK(svd);
  for (size_t r = 0; r < values.size(); ++r) {
    EXPECT_NEAR(svd->values[r], values[r], 1e-4 * values[r]);
    double dot = 0;
    for (size_t j = 0; j < 80; ++j) dot += svd->vectors.row(j)[r] * known.right[r][j];
    EXPECT_NEAR(std::fabs(dot), 1, 1e-4) << "vector " << r;
  }
}

TEST(RandomizedSvdTest, SeedDecidesTheResult) {
  const SparseMatrix m = MakeKnown(60, 50, {5, 4, 3, 2, 1}).matrix;
  auto first = Svd(m, 3, 1);
  auto again = Svd(m, 3, 1);
  CAIRN_ASSERT_OK(first);
  CAIRN_ASSERT_OK(again);
  EXPECT_TRUE(
      std::equal(first->vectors.row(0), first->vectors.row(0) + 150, again->vectors.row(0)));
  EXPECT_EQ(first->values, again->values);
}

}  // namespace
}  // namespace cairn::embed
