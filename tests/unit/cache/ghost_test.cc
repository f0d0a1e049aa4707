#include "cache/ghost.h"

#include <gtest/gtest.h>

namespace cairn::cache {
namespace {

uint64_t HashOf(uint64_t i) { return (i + 1) * 0xD6E8FEB86659FD93u; }

TEST(Ghost, KnowsNothingAtFirst) {
  Ghost ghost;
  EXPECT_FALSE(ghost.Take(HashOf(1), 100));
  ghost.Add(HashOf(1));  // without room it stays so
  EXPECT_FALSE(ghost.Take(HashOf(1), 100));
  ghost.Resize(100);
  EXPECT_FALSE(ghost.Take(HashOf(1), 100));
}

TEST(Ghost, KnowsAKeyOnce) {
  Ghost ghost;
  ghost.Resize(100);
  ghost.Add(HashOf(1));
  EXPECT_TRUE(ghost.Take(HashOf(1), 100));
  EXPECT_FALSE(ghost.Take(HashOf(1), 100));
}

TEST(Ghost, ForgetsWhatIsOlderThanAsked) {
  Ghost ghost;
  ghost.Resize(1000);
  ghost.Add(HashOf(1));
  for (uint64_t i = 10; i < 30; ++i) ghost.Add(HashOf(i));
  EXPECT_FALSE(ghost.Take(HashOf(1), 10));
}

TEST(Ghost, KeepsMostOfItsCapacity) {
  Ghost ghost;
  ghost.Resize(1024);
  for (uint64_t i = 0; i < 900; ++i) ghost.Add(HashOf(i));
  int known = 0;
  for (uint64_t i = 0; i < 900; ++i) known += ghost.Take(HashOf(i), 1024) ? 1 : 0;
  EXPECT_GT(known, 700);
}

}  // namespace
}  // namespace cairn::cache
