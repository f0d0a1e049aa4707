#include "vector/calibration.h"

#include <gtest/gtest.h>

#include <limits>

namespace cairn::vector {
namespace {

constexpr size_t kMany = size_t{1} << 40;

Calibration Measured() { return {{{16, 0.90f}, {32, 0.95f}, {64, 0.98f}, {128, 0.99f}}}; }

TEST(CalibrationTest, WithoutPointsNothingIsReached) { EXPECT_EQ(Calibration().Ef(10, 0.5f), 0u); }

TEST(CalibrationTest, WhatTheTableDoesNotReachIsExact) {
  EXPECT_EQ(Measured().Ef(10, 0.991f), 0u);
  EXPECT_EQ(Measured().Ef(10, 1), 0u);
  EXPECT_EQ(Measured().Ef(10, 2), 0u);
  EXPECT_EQ(Measured().Ef(10, std::numeric_limits<float>::quiet_NaN()), 0u);
  EXPECT_EQ(Calibration({{{16, 1.0f}}}).Ef(10, 1), 0u);
}

TEST(CalibrationTest, APointsOwnRecallGivesItsWidth) {
  EXPECT_EQ(Measured().Ef(10, 0.90f), 16u);
  EXPECT_EQ(Measured().Ef(10, 0.95f), 32u);
  EXPECT_EQ(Measured().Ef(10, 0.98f), 64u);
  EXPECT_EQ(Measured().Ef(10, 0.99f), 128u);
}

TEST(CalibrationTest, BelowTheFirstPointItsWidthIsTaken) {
  EXPECT_EQ(Measured().Ef(10, 0.1f), 16u);
  EXPECT_EQ(Measured().Ef(10, -1), 16u);
}

TEST(CalibrationTest, BetweenPointsTheWidthIsInterpolatedAndRoundedUp) {
  EXPECT_EQ(Measured().Ef(10, 0.925f), 24u);
  EXPECT_EQ(Measured().Ef(10, 0.9651f), 49u);  // 48.1
}

TEST(CalibrationTest, TheFirstCrossingCountsWhereRecallWavers) {
  Calibration wavering{{{16, 0.90f}, {32, 0.96f}, {64, 0.95f}, {128, 0.99f}}};
  EXPECT_EQ(wavering.Ef(10, 0.93f), 24u);
  EXPECT_EQ(wavering.Ef(10, 0.955f), 31u);
  EXPECT_EQ(wavering.Ef(10, 0.97f), 96u);
}

TEST(CalibrationTest, EqualNeighboursAreNoTrouble) {
  Calibration flat{{{16, 0.9f}, {32, 0.9f}, {64, 0.9f}}};
  EXPECT_EQ(flat.Ef(10, 0.9f), 16u);
  EXPECT_EQ(flat.Ef(10, 0.91f), 0u);
}

TEST(CalibrationTest, FewerResultsTakeTheWidthForTen) {
  for (size_t k : {0, 1, 9}) EXPECT_EQ(Measured().Ef(k, 0.95f), 32u) << k;
  EXPECT_EQ(Calibration({{{2, 0.5f}}}).Ef(1, 0.5f), 10u);
}

TEST(CalibrationTest, MoreResultsTakeAWiderBeam) {
  Calibration table = Measured();
  for (float target : {0.5f, 0.93f, 0.98f}) {
    uint32_t last = table.Ef(10, target);
    for (size_t k = 11; k < 100000; k += 1 + k / 7) {
      uint32_t ef = table.Ef(k, target);
      EXPECT_GE(ef, last) << k;
      EXPECT_GE(ef, k + k / 8 * (k >= 20)) << k;
      EXPECT_LE(ef, table.Ef(10, target) * k / 10 + k + 1) << k;
      last = ef;
    }
  }
}

TEST(CalibrationTest, AHugeNumberOfResultsDoesNotOverflow) {
  EXPECT_EQ(Measured().Ef(kMany, 0.9f), UINT32_MAX);
  EXPECT_EQ(Measured().Ef(std::numeric_limits<size_t>::max(), 0.9f), UINT32_MAX);
}

}  // namespace
}  // namespace cairn::vector
