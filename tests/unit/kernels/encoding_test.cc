#include "kernels/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/kernel_list.h"
#include "unit/kernels/require_code_kernel.h"

namespace cairn::kernels {
namespace {

std::vector<float> RandomVector(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> v(count);
  for (float& x : v) x = normal(random);
  return v;
}

TEST(EncodingTest, TransformIsThatOfTheHadamardMatrix) {
  for (size_t count : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}) {
    const std::vector<float> v = RandomVector(count, static_cast<uint32_t>(count));
    for (const CodeKernel* kernel : SupportedCodeKernels()) {
      std::vector<float> transformed = v;
      kernel->transform(transformed.data(), count);
      for (size_t row = 0; row < count; ++row) {
        double sum = 0;
        for (size_t i = 0; i < count; ++i) {
          bool minus = __builtin_parityll(row & i) != 0;
          sum += minus ? -double{v[i]} : double{v[i]};
        }
        ASSERT_NEAR(transformed[row], sum / std::sqrt(static_cast<double>(count)), 2e-5)
            << kernel->name << " " << count << " row " << row;
      }
    }
  }
}

TEST(EncodingTest, EveryKernelTransformsToTheSameBits) {
  for (size_t count = 1; count <= 32'768; count *= 2) {
    std::vector<float> expected = RandomVector(count, 7);
    const std::vector<float> v = expected;
    TransformScalar(expected.data(), count);
    for (const CodeKernel* kernel : SupportedCodeKernels()) {
      std::vector<float> transformed = v;
      kernel->transform(transformed.data(), count);
      EXPECT_EQ(transformed, expected) << kernel->name << " " << count;
    }
  }
}

TEST(EncodingTest, LanesAreTheNearestStepsAndWhatIsLeftIsTheRest) {
  for (size_t dim : {1, 3, 7, 8, 31, 32, 33, 100, 128, 768, 65'536}) {
    const std::vector<float> v = RandomVector(dim, static_cast<uint32_t>(dim));
    float largest = 0;
    for (float x : v) largest = std::max(largest, std::fabs(x));
    for (const CodeKernel* kernel : SupportedCodeKernels()) {
      std::vector<float> rest = v;
      std::vector<int8_t> lanes(dim);
      RoundedQuery rounded = kernel->round_query(rest.data(), dim, lanes.data());
      EXPECT_EQ(rounded.scale, 127 / largest) << kernel->name;
      int32_t sum = 0;
      int32_t squares = 0;
      int32_t farthest = 0;
      for (size_t d = 0; d < dim; ++d) {
        float scaled = v[d] * rounded.scale;
        ASSERT_LE(std::fabs(scaled - static_cast<float>(lanes[d])), 0.5001f);
        ASSERT_EQ(rest[d], scaled - static_cast<float>(lanes[d]));
        sum += lanes[d];
        squares += lanes[d] * lanes[d];
        farthest = std::max(farthest, std::abs(int32_t{lanes[d]}));
      }
      EXPECT_EQ(farthest, 127) << kernel->name;
      EXPECT_EQ(rounded.sum, sum) << kernel->name;
      EXPECT_EQ(rounded.squares, squares) << kernel->name;
    }
  }
}

TEST(EncodingTest, WhatHasNoScaleIsRoundedToZeros) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float odd : {0.0f, -0.0f, 1e-40f, kInfinity, -kInfinity, std::nanf("")}) {
    for (size_t dim : {1, 8, 100}) {
      for (const CodeKernel* kernel : SupportedCodeKernels()) {
        std::vector<float> v(dim, 0.0f);
        v[dim / 2] = odd;
        std::vector<int8_t> lanes(dim, 1);
        RoundedQuery rounded = kernel->round_query(v.data(), dim, lanes.data());
        EXPECT_EQ(rounded.scale, 0) << kernel->name << " " << odd;
        EXPECT_EQ(rounded.sum, 0);
        EXPECT_EQ(rounded.squares, 0);
        EXPECT_EQ(std::count(lanes.begin(), lanes.end(), 0), static_cast<ptrdiff_t>(dim));
      }
    }
  }
}

}  // namespace
}  // namespace cairn::kernels
