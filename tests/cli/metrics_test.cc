#include "cairn_bench/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cairn::bench {
namespace {

TEST(Metrics, AreZeroWithoutARelevantDocument) {
  for (const Judgements& judgements : {Judgements{}, Judgements{{"a", 0}, {"b", -1}}}) {
    EXPECT_EQ(Ndcg({"a", "b"}, judgements, 10), 0);
    EXPECT_EQ(AveragePrecision({"a", "b"}, judgements), 0);
    EXPECT_EQ(Recall({"a", "b"}, judgements, 10), 0);
    EXPECT_EQ(RelevantCount(judgements), 0u);
  }
}

TEST(Metrics, AreZeroWhenNothingRelevantIsFound) {
  const Judgements judgements = {{"a", 1}};
  for (const Ranking& ranking : {Ranking{}, Ranking{"x", "y"}}) {
    EXPECT_EQ(Ndcg(ranking, judgements, 10), 0);
    EXPECT_EQ(AveragePrecision(ranking, judgements), 0);
    EXPECT_EQ(Recall(ranking, judgements, 10), 0);
  }
}

TEST(Metrics, AreOneForTheIdealRanking) {
  const Judgements judgements = {{"a", 3}, {"b", 2}, {"c", 0}};
  const Ranking ranking = {"a", "b", "c", "x"};
  EXPECT_DOUBLE_EQ(Ndcg(ranking, judgements, 10), 1);
  EXPECT_DOUBLE_EQ(AveragePrecision(ranking, judgements), 1);
  EXPECT_DOUBLE_EQ(Recall(ranking, judgements, 10), 1);
}

// Grades of the ranking: 3 2 3 0 1 2, the textbook example with linear gains; DCG is
// 3 + 2/1.58496 + 3/2 + 0 + 1/2.58496 + 2/2.80735 = 6.86113, ideal (3 3 2 2 1 0) 7.14100.
TEST(Ndcg, HasLinearGainsAndLogarithmicDiscount) {
  const Judgements judgements = {{"1", 3}, {"2", 2}, {"3", 3}, {"4", 0}, {"5", 1}, {"6", 2}};
  EXPECT_NEAR(Ndcg({"1", "2", "3", "4", "5", "6"}, judgements, 6), 6.861127 / 7.140995, 1e-6);
}

TEST(Ndcg, CutsBothRankingsAtTheDepth) {
  const Judgements judgements = {{"a", 1}, {"b", 1}, {"c", 1}};
  EXPECT_DOUBLE_EQ(Ndcg({"a", "b", "x", "c"}, judgements, 2), 1);
  EXPECT_DOUBLE_EQ(Ndcg({"x", "a"}, judgements, 1), 0);
  EXPECT_NEAR(Ndcg({"x", "a"}, judgements, 2), (1 / std::log2(3.0)) / (1 + 1 / std::log2(3.0)),
              1e-12);
}

TEST(Ndcg, CountsNegativeGradesAsZero) {
  EXPECT_DOUBLE_EQ(Ndcg({"bad", "good"}, {{"bad", -2}, {"good", 1}}, 10), 1 / std::log2(3.0));
}

// Relevant at ranks 1, 3 and 6 of 4 relevant: (1/1 + 2/3 + 3/6) / 4.
TEST(AveragePrecision, CountsWhatIsNotFound) {
  const Judgements judgements = {{"a", 1}, {"b", 2}, {"c", 1}, {"lost", 1}, {"x", 0}};
  EXPECT_NEAR(AveragePrecision({"a", "x", "b", "y", "z", "c"}, judgements),
              (1.0 + 2.0 / 3 + 3.0 / 6) / 4, 1e-12);
}

TEST(Recall, LooksAtTheFirstOnly) {
  const Judgements judgements = {{"a", 1}, {"b", 1}, {"c", 5}, {"d", 1}};
  EXPECT_DOUBLE_EQ(Recall({"a", "x", "b", "c"}, judgements, 3), 0.5);
  EXPECT_DOUBLE_EQ(Recall({"a", "x", "b", "c"}, judgements, 100), 0.75);
}

TEST(Percentile, IsTheNearestRank) {
  EXPECT_EQ(Percentile({}, 50), 0);
  EXPECT_EQ(Percentile({7}, 99), 7);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 50), 2);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 75), 3);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 99), 4);
  EXPECT_EQ(Percentile({4, 1, 3, 2}, 0), 1);
}

}  // namespace
}  // namespace cairn::bench
