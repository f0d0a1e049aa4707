#include "query/fusion.h"

#include <gtest/gtest.h>

#include <map>

namespace cairn::query {
namespace {

Candidate Text(uint64_t doc, double score) {
  Candidate candidate;
  candidate.doc = DocNo{doc};
  candidate.score = candidate.text_score = score;
  candidate.in_text = true;
  return candidate;
}

Candidate Vector(uint64_t doc, double score) {
  Candidate candidate;
  candidate.doc = DocNo{doc};
  candidate.score = candidate.vector_score = score;
  candidate.in_vector = true;
  return candidate;
}

std::map<uint64_t, double> Scores(const std::vector<Candidate>& list) {
  std::map<uint64_t, double> scores;
  for (const Candidate& candidate : list) scores[ToInt(candidate.doc)] = candidate.score;
  return scores;
}

TEST(FusionTest, ScalesEachListAddsTheWeightedSharesAndCountsMissingAsZero) {
  auto fused = FuseMinMax({Text(1, 12), Text(2, 7), Text(3, 2)},
                          {Vector(2, 0.9), Vector(4, 0.5), Vector(1, 0.1)}, 0.6, 0.4);
  auto scores = Scores(fused);
  ASSERT_EQ(scores.size(), 4u);
  EXPECT_DOUBLE_EQ(scores[1], 0.6 * 1.0 + 0.4 * 0.0);
  EXPECT_DOUBLE_EQ(scores[2], 0.6 * 0.5 + 0.4 * 1.0);
  EXPECT_DOUBLE_EQ(scores[3], 0.0);
  EXPECT_DOUBLE_EQ(scores[4], 0.4 * 0.5);
}

TEST(FusionTest, OneEmptyListLeavesTheOtherUnscaled) {
  EXPECT_EQ(Scores(FuseMinMax({Text(1, 12), Text(2, 7)}, {}, 0.6, 0.4)),
            (std::map<uint64_t, double>{{1, 12}, {2, 7}}));
  EXPECT_EQ(Scores(FuseMinMax({}, {Vector(5, 0.3)}, 0.6, 0.4)),
            (std::map<uint64_t, double>{{5, 0.3}}));
  EXPECT_TRUE(FuseMinMax({}, {}, 0.6, 0.4).empty());
}

TEST(FusionTest, EqualScoresAndSingleHitsCountAsOne) {
  auto scores = Scores(FuseMinMax({Text(1, 3), Text(2, 3)}, {Vector(9, -4)}, 0.5, 0.5));
  EXPECT_DOUBLE_EQ(scores[1], 0.5);
  EXPECT_DOUBLE_EQ(scores[2], 0.5);
  EXPECT_DOUBLE_EQ(scores[9], 0.5);
}

TEST(FusionTest, PartsOfBothListsAreKept) {
  Candidate text = Text(1, 3);
  text.text_chunk = 4;
  text.matched_chunks = 2;
  Candidate vector = Vector(1, 0.25);
  vector.vector_chunk = 6;
  auto fused = FuseMinMax({text}, {vector}, 1, 1);
  ASSERT_EQ(fused.size(), 1u);
  EXPECT_TRUE(fused[0].in_text && fused[0].in_vector);
  EXPECT_EQ(fused[0].text_chunk, 4u);
  EXPECT_EQ(fused[0].vector_chunk, 6u);
  EXPECT_EQ(fused[0].matched_chunks, 2u);
  EXPECT_DOUBLE_EQ(fused[0].text_score, 3);
  EXPECT_DOUBLE_EQ(fused[0].vector_score, 0.25);
}

TEST(FusionTest, TagMatchesAreRaisedInProportion) {
  std::vector<Candidate> fused = {Text(1, 0.8), Text(2, 0.8), Text(3, 0.8)};
  fused[1].tag_share = 1;
  fused[2].tag_share = 0.5;
  BoostTagMatches(&fused);
  EXPECT_DOUBLE_EQ(fused[0].score, 0.8);
  EXPECT_DOUBLE_EQ(fused[1].score, 1.2);
  EXPECT_DOUBLE_EQ(fused[2].score, 1.0);
}

}  // namespace
}  // namespace cairn::query
