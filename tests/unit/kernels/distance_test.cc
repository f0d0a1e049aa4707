#include "kernels/distance.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "unit/kernels/kernel_checks.h"
#include "unit/kernels/require_kernel.h"

namespace cairn::kernels {
namespace {

/// A page of floats with an unreadable page right behind it.
class GuardedPage {
 public:
  GuardedPage() : size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* pages =
        mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    base_ = static_cast<char*>(pages);
    mprotect(base_ + size_, size_, PROT_NONE);
  }
  ~GuardedPage() {
    if (base_ != nullptr) munmap(base_, 2 * size_);
  }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;
  /// The last `count` floats of the readable page.
  float* Last(size_t count) {
    return base_ == nullptr ? nullptr : reinterpret_cast<float*>(base_ + size_) - count;
  }

 private:
  const size_t size_;
  char* base_ = nullptr;
};

TEST(DistanceTest, NothingIsReadBehindTheEnd) {
  const Kernel& kernel = ActiveKernel();
  GuardedPage query;
  GuardedPage rows;
  for (size_t dim = 1; dim <= 70; ++dim) {
    size_t count = 7;
    ASSERT_NE(query.Last(dim), nullptr);
    ASSERT_NE(rows.Last(dim * count), nullptr);
    std::fill_n(query.Last(dim), dim, 1.0f);
    std::fill_n(rows.Last(dim * count), dim * count, 2.0f);
    std::vector<float> out(count);
    kernel.dot_rows(query.Last(dim), rows.Last(dim * count), count, dim, out.data());
    EXPECT_EQ(out, std::vector<float>(count, 2.0f * static_cast<float>(dim)));
    kernel.l2_squared_rows(query.Last(dim), rows.Last(dim * count), count, dim, out.data());
    EXPECT_EQ(out, std::vector<float>(count, static_cast<float>(dim)));
    EXPECT_EQ(kernel.dot(query.Last(dim), rows.Last(dim), dim), 2.0f * static_cast<float>(dim));
  }
}

TEST(DistanceTest, NoElementIsMissedOrTakenTwice) {
  const Kernel& kernel = ActiveKernel();
  for (size_t dim = 1; dim <= 150; ++dim) {
    std::vector<float> ones(dim, 1);
    for (size_t i = 0; i < dim; ++i) {
      std::vector<float> one_hot(dim, 0);
      one_hot[i] = 3;
      ASSERT_EQ(kernel.dot(ones.data(), one_hot.data(), dim), 3) << dim << " at " << i;
      ASSERT_EQ(kernel.l2_squared(ones.data(), one_hot.data(), dim), static_cast<float>(dim) + 3)
          << dim << " at " << i;
    }
  }
}

TEST(DistanceTest, PairsAgreeWithDoublePrecision) {
  for (size_t dim : test::TestDims()) test::CheckPairs(ActiveKernel(), dim);
}

TEST(DistanceTest, RowsAgreeWithPairsToTheLastBit) {
  for (size_t dim : test::TestDims()) test::CheckRows(ActiveKernel(), dim);
}

TEST(DistanceTest, ZeroDimensionsAndZeroRows) {
  const Kernel& kernel = ActiveKernel();
  float x = 7;
  EXPECT_EQ(kernel.dot(&x, &x, 0), 0);
  EXPECT_EQ(kernel.l2_squared(&x, &x, 0), 0);
  kernel.dot_rows(&x, &x, 0, 1, &x);
  kernel.l2_squared_rows(&x, nullptr, 0, 1, &x);
  EXPECT_EQ(x, 7);
}

TEST(DistanceTest, WhatIsNotFiniteStaysNotFinite) {
  const Kernel& kernel = ActiveKernel();
  for (size_t dim : {1, 5, 16, 33, 100}) {
    std::vector<float> ones(dim, 1);
    for (size_t i = 0; i < dim; ++i) {
      std::vector<float> bad(dim, 1);
      bad[i] = std::numeric_limits<float>::quiet_NaN();
      EXPECT_FALSE(
          AllFinite(std::vector<float>{kernel.dot(ones.data(), bad.data(), dim)}.data(), 1));
      bad[i] = std::numeric_limits<float>::infinity();
      EXPECT_EQ(kernel.l2_squared(ones.data(), bad.data(), dim), bad[i]);
    }
  }
}

}  // namespace
}  // namespace cairn::kernels
