#include "vector/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace cairn::vector {
namespace {

VectorHit Hit(uint64_t doc, uint32_t ordinal, float score) {
  return {{DocNo{doc}, ordinal}, score};
}

std::vector<VectorHit> RandomHits(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<VectorHit> hits;
  for (size_t i = 0; i < count; ++i) {
    hits.push_back(Hit(i / 3, i % 3, static_cast<float>(generator() % 7)));
  }
  std::shuffle(hits.begin(), hits.end(), generator);
  return hits;
}

void ExpectSame(const std::vector<VectorHit>& a, const std::vector<VectorHit>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].score, b[i].score) << i;
    EXPECT_TRUE(a[i].chunk == b[i].chunk) << i;
  }
}

TEST(TopKTest, NoneWanted) {
  TopK top(0);
  top.Offer(Hit(1, 0, 1));
  EXPECT_TRUE(top.Take().empty());
}

TEST(TopKTest, ThresholdRisesOnlyOnceFull) {
  TopK top(2);
  top.Offer(Hit(1, 0, 5));
  EXPECT_LT(top.threshold(), -1e30f);
  top.Offer(Hit(2, 0, 3));
  EXPECT_EQ(top.threshold(), 3);
  top.Offer(Hit(3, 0, 4));
  EXPECT_EQ(top.threshold(), 4);
}

TEST(TopKTest, AnEqualScoreEntersByItsChunk) {
  TopK top(1);
  top.Offer(Hit(5, 1, 2));
  top.Offer(Hit(6, 0, 2));
  top.Offer(Hit(5, 0, 2));
  top.Offer(Hit(5, 2, 2));
  ExpectSame(top.Take(), {Hit(5, 0, 2)});
}

TEST(TopKTest, AgreesWithSortingHoweverItIsSplit) {
  for (size_t k : {1, 2, 7, 99, 100, 101, 1000}) {
    std::vector<VectorHit> hits = RandomHits(100, static_cast<uint32_t>(k));
    TopK left(k);
    TopK right(k);
    for (size_t i = 0; i < hits.size(); ++i) (i % 3 == 0 ? left : right).Offer(hits[i]);
    left.Merge(right);
    std::sort(hits.begin(), hits.end(), Better);
    hits.resize(std::min(k, hits.size()));
    ExpectSame(left.Take(), hits);
    EXPECT_TRUE(left.Take().empty());
  }
}

}  // namespace
}  // namespace cairn::vector
