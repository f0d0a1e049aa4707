#include "kernels/edge_sketch.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/kernel_list.h"
#include "unit/kernels/require_code_kernel.h"

namespace cairn::kernels {
namespace {

struct Case {
  explicit Case(size_t lanes) : code(lanes) {}

  void FillRandomly(std::mt19937& random, float reach_most) {
    std::uniform_real_distribution<float> unit(0, 1);
    for (uint8_t& x : code) x = static_cast<uint8_t>(random() % 128);
    for (uint8_t& x : sketch) x = static_cast<uint8_t>(random() % 256);
    auto sums = static_cast<float>(code.size() / 128 * 8 * 127);
    for (float& x : query) x = unit(random) * sums;
    for (size_t i = 0; i < kSketchLevels; ++i) {
      float length = static_cast<float>(i) + 0.5f;
      slope[i] = length * sums * 0.1f;
      inverse[i] = 1 / length;
    }
    reach = (unit(random) - 0.3f) * reach_most * sums;
  }
  uint32_t Ask(const CodeKernel& kernel) const {
    return kernel.promising_edges({query.data(), slope.data(), inverse.data(), reach}, code.data(),
                                  code.size(), sketch.data());
  }
  /// The sum and what it must exceed, in doubles, and the size of one rounding step.
  struct Exact {
    double sum = 0;
    double needed = 0;
    double step = 0;
  };
  Exact OfEdge(size_t edge) const {
    Exact exact;
    auto bits = [&](size_t plane) {
      uint8_t byte = sketch[plane * 16 + edge % 16];
      return edge < 16 ? byte & 15 : byte >> 4;
    };
    for (size_t k = 0; k < kSketchSigns; ++k) {
      double own = 0;
      for (size_t i = 0; i < code.size() / 128 * 128; ++i) own += i % 128 / 8 == k ? code[i] : 0;
      double way = static_cast<double>(query[k]) - own;
      exact.sum += (bits(k / 4) >> (k % 4) & 1) != 0 ? way : -way;
      exact.step += std::fabs(way) / 120;
    }
    auto level = static_cast<size_t>(bits(3));
    exact.needed = double{slope[level]} - double{reach} * double{inverse[level]};
    return exact;
  }

  std::vector<uint8_t> code;
  std::array<uint8_t, kSketchBytes> sketch = {};
  std::array<float, kProjections> query = {};
  std::array<float, kSketchLevels> slope = {};
  std::array<float, kSketchLevels> inverse = {};
  float reach = 0;
};

constexpr size_t kLanes[] = {128, 192, 256, 768, 1536, 65'536};

TEST(EdgeSketchTest, ProjectionsAreSumsOfEightLanesOfEveryWholeChunk) {
  std::mt19937 random(1);
  for (size_t lanes : kLanes) {
    Case c(lanes);
    c.FillRandomly(random, 1);
    std::array<int32_t, kProjections> expected = {};
    for (size_t i = 0; i < lanes / 128 * 128; ++i) expected[i % 128 / 8] += c.code[i];
    for (const CodeKernel* kernel : SupportedCodeKernels()) {
      std::array<int32_t, kProjections> sums;
      sums.fill(-1);
      kernel->project_code(c.code.data(), lanes, sums.data());
      EXPECT_EQ(sums, expected) << kernel->name << ' ' << lanes;
    }
  }
}

TEST(EdgeSketchTest, EdgesAreJudgedAsTheFormulaSays) {
  std::mt19937 random(2);
  size_t promising = 0;
  size_t judged = 0;
  for (int round = 0; round < 200; ++round) {
    Case c(kLanes[static_cast<size_t>(round) % 5]);
    c.FillRandomly(random, 1);
    uint32_t edges = c.Ask(kScalarCodeKernel);
    for (size_t edge = 0; edge < kSketchEdges; ++edge) {
      Case::Exact exact = c.OfEdge(edge);
      // Thirteen roundings; what no byte can hold is cut off.
      if (std::fabs(exact.sum - exact.needed) < 8 * exact.step) continue;
      ++judged;
      bool expected = exact.sum > exact.needed;
      promising += expected ? 1 : 0;
      ASSERT_EQ((edges >> edge & 1) != 0, expected) << "round " << round << " edge " << edge;
    }
  }
  EXPECT_GT(judged, 4000u);
  EXPECT_GT(promising, judged / 10);
  EXPECT_LT(promising, judged * 9 / 10);
}

TEST(EdgeSketchTest, EveryKernelGivesTheSame) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    Case c(kLanes[static_cast<size_t>(round) % 5]);
    c.FillRandomly(random, round % 3 == 0 ? 100.0f : 1.0f);
    uint32_t expected = c.Ask(kScalarCodeKernel);
    for (const CodeKernel* kernel : SupportedCodeKernels()) {
      ASSERT_EQ(c.Ask(*kernel), expected) << kernel->name << " round " << round;
    }
  }
}

TEST(EdgeSketchTest, ExtremesNeitherOverflowNorDivideByZero) {
  for (const CodeKernel* kernel : SupportedCodeKernels()) {
    Case c(65'536);
    c.slope.fill(1);
    c.inverse.fill(1);
    // The query lies where the row does: no edge leads towards it, but all are within reach.
    c.reach = 1e30f;
    EXPECT_EQ(c.Ask(*kernel), 0xFFFFFFFFu) << kernel->name;
    c.reach = -1e30f;
    EXPECT_EQ(c.Ask(*kernel), 0u) << kernel->name;
    c.reach = std::numeric_limits<float>::quiet_NaN();  // of numbers too small to be told apart
    EXPECT_EQ(c.Ask(*kernel), 0xFFFFFFFFu) << kernel->name;
    c.reach = -1e30f;
    c.query.fill(-1e9f);
    std::fill(c.code.begin(), c.code.end(), uint8_t{127});
    EXPECT_EQ(c.Ask(*kernel), 0u) << kernel->name;
    c.reach = 1e30f;
    EXPECT_EQ(c.Ask(*kernel), 0xFFFFFFFFu) << kernel->name;
  }
}

TEST(EdgeSketchTest, TheLastFourProjectionsDoNotCount) {
  std::mt19937 random(4);
  Case c(256);
  c.FillRandomly(random, 1);
  for (const CodeKernel* kernel : SupportedCodeKernels()) {
    Case other = c;
    for (size_t k = kSketchSigns; k < kProjections; ++k) other.query[k] = 1e6f;
    EXPECT_EQ(other.Ask(*kernel), c.Ask(*kernel)) << kernel->name;
  }
}

}  // namespace
}  // namespace cairn::kernels
