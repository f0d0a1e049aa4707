#include "cache/sketch.h"

#include <gtest/gtest.h>

namespace cairn::cache {
namespace {

uint64_t HashOf(uint64_t i) { return (i + 1) * 0xD6E8FEB86659FD93u ^ (i << 17); }

TEST(Sketch, NeverCountsTooFewBelowItsMost) {
  Sketch sketch(1024);
  for (uint64_t i = 0; i < 200; ++i) sketch.Add(HashOf(i), 1 + i % 7);
  for (uint64_t i = 0; i < 200; ++i) EXPECT_GE(sketch.Estimate(HashOf(i)), 1 + i % 7);
}

TEST(Sketch, TellsTheSeenFromTheUnseen) {
  Sketch sketch(1024);
  for (uint64_t i = 0; i < 500; ++i) sketch.Add(HashOf(i), 5);
  int wrong = 0;
  for (uint64_t i = 1000; i < 2000; ++i) wrong += sketch.Estimate(HashOf(i)) > 0 ? 1 : 0;
  EXPECT_LT(wrong, 100);
}

TEST(Sketch, StopsAtItsMost) {
  Sketch sketch(64);
  for (int i = 0; i < 100; ++i) sketch.Add(HashOf(1));
  EXPECT_EQ(sketch.Estimate(HashOf(1)), Sketch::kMost);
}

TEST(Sketch, ForgetsSlowly) {
  Sketch sketch(64);
  sketch.Add(HashOf(1), 8);
  for (uint64_t i = 0; i < 64 * 20; ++i) sketch.Add(HashOf(2));
  EXPECT_LE(sketch.Estimate(HashOf(1)), 4u);
}

TEST(Sketch, KeepsItsCountsWhenItGrows) {
  Sketch sketch(64);
  for (uint64_t i = 0; i < 40; ++i) sketch.Add(HashOf(i), 3);
  sketch.Resize(1024);
  for (uint64_t i = 0; i < 40; ++i) EXPECT_GE(sketch.Estimate(HashOf(i)), 3u);
}

}  // namespace
}  // namespace cairn::cache
