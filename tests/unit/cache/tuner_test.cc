#include "cache/tuner.h"

#include <gtest/gtest.h>

namespace cairn::cache {
namespace {

uint64_t HashOf(uint64_t i) {
  i = (i ^ (i >> 31)) * 0xD6E8FEB86659FD93u;
  return (i ^ (i >> 29)) * 0x9E3779B97F4A7C15u;
}

TEST(Tuner, FindsThatALoopNeedsASmallWindow) {
  Tuner tuner(200, 200, 0);
  for (uint64_t i = 0; i < 60'000; ++i) tuner.RecordMiss(HashOf(i % 400), 1, 200);
  EXPECT_EQ(tuner.rules().leaving, Rules::Leaving::kCompete);
  EXPECT_LE(tuner.rules().window, 0.05);
}

TEST(Tuner, FindsWhatServesRecency) {
  Tuner tuner(200, 200, 0);
  // Every key comes twice, with 150 others between, and then never again.
  for (uint64_t i = 0; i < 60'000; ++i) {
    tuner.RecordMiss(HashOf(i), 1, 200);
    if (i >= 150) tuner.RecordHit(HashOf(i - 75), 1, 0);
  }
  EXPECT_GT(tuner.Estimate().present, 0.48);
}

TEST(Tuner, WritingWhatIsThereIsNoBrokenPromise) {
  Tuner gets(200, 200, 0);
  Tuner sets(200, 200, 0);
  for (uint64_t i = 0; i < 60'000; ++i) {
    gets.RecordMiss(HashOf(i), 1, 200);
    sets.RecordMiss(HashOf(i), 1, 200);
    if (i < 150) continue;
    gets.RecordHit(HashOf(i - 75), 1, 0);
    sets.RecordMiss(HashOf(i - 75), 1, 200, true);
  }
  EXPECT_EQ(sets.chosen(), gets.chosen());
}

TEST(Tuner, EstimatesGrowWithTheSize) {
  Tuner tuner(100, 100, 0);
  uint64_t state = 1;
  for (int i = 0; i < 50'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tuner.RecordMiss(HashOf((state >> 33) % 400), 1, 100);
  }
  const Tuner::Estimates estimates = tuner.Estimate();
  EXPECT_NEAR(estimates.half, 0.125, 0.05);
  EXPECT_NEAR(estimates.present, 0.25, 0.05);
  EXPECT_NEAR(estimates.twice, 0.5, 0.05);
  EXPECT_GT(estimates.samples, 1000u);
}

TEST(Tuner, SamplesWhenThereIsMuch) {
  Tuner tuner(1 << 20, 1 << 20, 0);
  uint64_t wanted = 0;
  for (uint64_t i = 0; i < 100'000; ++i) wanted += tuner.Wants(HashOf(i)) ? 1 : 0;
  EXPECT_LT(wanted, 500u);
}

TEST(Tuner, HitsAreLearntFromToo) {
  Tuner tuner(100, 100, 0);
  for (uint64_t i = 0; i < 5000; ++i) tuner.RecordHit(HashOf(i % 50), 1, 0);
  EXPECT_GT(tuner.Estimate().present, 0.9);
}

}  // namespace
}  // namespace cairn::cache
