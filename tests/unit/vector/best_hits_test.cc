#include "vector/best_hits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

test::Hits Reference(test::Hits hits, size_t k, float min_score) {
  std::erase_if(hits, [&](const VectorHit& hit) { return hit.score < min_score; });
  std::sort(hits.begin(), hits.end(), Better);
  hits.resize(std::min(k, hits.size()));
  return hits;
}

test::Hits RandomHits(std::mt19937& random, size_t count) {
  test::Hits hits(count);
  for (size_t i = 0; i < count; ++i) {
    hits[i].chunk = {DocNo{i / 3}, static_cast<uint32_t>(i % 3)};
    hits[i].score = static_cast<float>(static_cast<int>(random() % 20) - 10);  // many ties
  }
  std::shuffle(hits.begin(), hits.end(), random);
  return hits;
}

TEST(BestHitsTest, EqualsASort) {
  std::mt19937 random(31);
  for (size_t k : {1, 2, 7, 50, 200}) {
    for (float min_score : {kNone, -3.0f, 0.0f, 9.0f, 11.0f}) {
      for (int trial = 0; trial < 20; ++trial) {
        test::Hits hits = RandomHits(random, random() % 150);
        test::Hits room(k);
        BestHits best(room.data(), k, min_score);
        for (const VectorHit& hit : hits) {
          bool may_enter = hit.score >= best.threshold();
          size_t size = best.size();
          best.Offer(hit);
          ASSERT_TRUE(may_enter || best.size() == size);
        }
        room.resize(best.Finish());
        ASSERT_EQ(room, Reference(hits, k, min_score)) << "k " << k << " min " << min_score;
      }
    }
  }
}

TEST(BestHitsTest, SkippingHitsBelowTheThresholdLosesNothing) {
  std::mt19937 random(32);
  for (int trial = 0; trial < 50; ++trial) {
    test::Hits hits = RandomHits(random, 100);
    test::Hits room(9);
    BestHits best(room.data(), 9, -5.0f);
    for (const VectorHit& hit : hits) {
      if (hit.score >= best.threshold()) best.Offer(hit);
    }
    room.resize(best.Finish());
    ASSERT_EQ(room, Reference(hits, 9, -5.0f));
  }
}

TEST(BestHitsTest, NoRoom) {
  BestHits best(nullptr, 0, kNone);
  best.Offer({{DocNo{1}, 0}, 1.0f});
  EXPECT_EQ(best.size(), 0u);
  EXPECT_EQ(best.threshold(), kNone);
  EXPECT_EQ(best.Finish(), 0u);
}

}  // namespace
}  // namespace cairn::vector
