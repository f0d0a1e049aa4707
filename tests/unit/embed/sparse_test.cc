#include "embed/sparse.h"

#include <gtest/gtest.h>

#include "base/thread_pool.h"

namespace cairn::embed {
namespace {

/// 1 0 2
/// 0 0 0
/// 0 3 0
/// 4 0 5
SparseMatrix Sample() { return {4, 3, {0, 2, 2, 3, 5}, {0, 2, 1, 0, 2}, {1, 2, 3, 4, 5}}; }

TEST(SparseTest, TransposeSwapsRowsAndColumns) {
  const SparseMatrix t = Transpose(Sample());
  EXPECT_EQ(t.rows, 3U);
  EXPECT_EQ(t.cols, 4U);
  EXPECT_EQ(t.begin, (std::vector<uint64_t>{0, 2, 3, 5}));
  EXPECT_EQ(t.col, (std::vector<uint32_t>{0, 3, 2, 0, 3}));
  EXPECT_EQ(t.value, (std::vector<float>{1, 4, 3, 2, 5}));
}

TEST(SparseTest, MultiplyMatchesHandComputation) {
  Matrix x(3, 2);
  for (size_t i = 0; i < 6; ++i) x.row(0)[i] = static_cast<float>(i + 1);
  const Matrix y = Multiply(Work(nullptr, nullptr), Sample(), x);
  ASSERT_EQ(y.rows(), 4U);
  const std::vector<float> expected{11, 14, 0, 0, 9, 12, 29, 38};
  EXPECT_EQ(std::vector<float>(y.row(0), y.row(0) + 8), expected);
}

TEST(SparseTest, ThreadsDoNotChangeOneBit) {
  SparseMatrix a;
  a.rows = 1000;
  a.cols = 50;
  a.begin.push_back(0);
  for (size_t row = 0; row < a.rows; ++row) {
    for (uint32_t col = row % 3; col < a.cols; col += 1 + static_cast<uint32_t>(row % 5)) {
      a.col.push_back(col);
      a.value.push_back(1.0F / static_cast<float>(row + col + 1));
    }
    a.begin.push_back(a.col.size());
  }
  Matrix x(50, 7);
  for (size_t i = 0; i < 350; ++i) x.row(0)[i] = 1.0F / static_cast<float>(i + 3);
  ThreadPool pool(3);
  const Matrix alone = Multiply(Work(nullptr, nullptr), a, x);
  const Matrix together = Multiply(Work(&pool, nullptr), a, x);
  EXPECT_TRUE(std::equal(alone.row(0), alone.row(0) + 7000, together.row(0)));
}

}  // namespace
}  // namespace cairn::embed
