#include "embed/corpus.h"

#include <set>

#include <gtest/gtest.h>

#include "unit/embed/toy_corpus.h"

namespace cairn::embed {
namespace {

const SpaceAnalyzer kAnalyzer;

Corpus Collect(const std::vector<std::string>& chunks, const BuiltinOptions& options = {}) {
  CorpusBuilder builder(kAnalyzer, options);
  for (const std::string& chunk : chunks) builder.Add(chunk);
  return std::move(builder).Finish();
}

std::vector<std::string> TermsOf(const Corpus& corpus) {
  std::vector<std::string> terms;
  for (const TermStats& term : corpus.terms) terms.push_back(term.term);
  return terms;
}

TEST(CorpusTest, NothingGivesNothing) {
  const Corpus corpus = Collect({});
  EXPECT_EQ(corpus.chunk_count, 0U);
  EXPECT_TRUE(corpus.terms.empty());
  EXPECT_TRUE(corpus.tokens.empty());
}

TEST(CorpusTest, DropsTermsOfOneChunkAndTokensThatDoNotCount) {
  const Corpus corpus = Collect({"a b once once ~c", "b a ~c", "", "b"});
  EXPECT_EQ(TermsOf(corpus), (std::vector<std::string>{"b", "a"}));
  constexpr uint32_t kEnd = Corpus::kEndOfChunk;
  EXPECT_EQ(corpus.tokens, (std::vector<uint32_t>{1, 0, kEnd, 0, 1, kEnd, kEnd, 0, kEnd}));
  EXPECT_EQ(corpus.terms[0].chunk_count, 3U);
  EXPECT_EQ(corpus.terms[0].occurrences, 3U);
  EXPECT_EQ(corpus.terms[1].chunk_count, 2U);
}

TEST(CorpusTest, DropsTermsOfMoreThanHalfTheChunksOnceThereAreEnough) {
  std::vector<std::string> chunks;
  for (int i = 0; i < 30; ++i) chunks.push_back(i % 2 == 0 ? "the ship" : "the oven");
  EXPECT_EQ(TermsOf(Collect(chunks)), (std::vector<std::string>{"oven", "ship"}));
  chunks.resize(8);
  EXPECT_EQ(TermsOf(Collect(chunks)), (std::vector<std::string>{"the", "oven", "ship"}));
}

TEST(CorpusTest, KeepsTheMostWidespreadTermsTiesByName) {
  BuiltinOptions options;
  options.max_terms = 2;
  const Corpus corpus = Collect({"z y x", "x y z", "z w", "w"}, options);
  EXPECT_EQ(TermsOf(corpus), (std::vector<std::string>{"z", "w"}));
}

TEST(CorpusTest, SamplesChunksOverTheWholeSource) {
  std::vector<std::string> chunks;
  for (int i = 0; i < 4000; ++i) {
    std::string number = "n";
    number += std::to_string(i / 40);
    chunks.push_back(number + " common" + std::to_string(i % 3));
  }
  BuiltinOptions options;
  options.max_train_chunks = 1000;
  const Corpus corpus = Collect(chunks, options);
  EXPECT_EQ(corpus.chunks_seen, 4000U);
  EXPECT_LE(corpus.chunk_count, 1000U);
  EXPECT_GT(corpus.chunk_count, 250U);
  // Each of the hundred regions is met about 5 to 10 times; nearly all must be in the sample.
  EXPECT_GT(corpus.terms.size(), 90U);
  EXPECT_EQ(Collect(chunks, options).tokens, corpus.tokens);
  options.seed = 43;
  EXPECT_NE(Collect(chunks, options).tokens, corpus.tokens);
}

TEST(CorpusTest, BoundsTheTokens) {
  BuiltinOptions options;
  options.max_train_tokens = 2000;
  const Corpus corpus = Collect(ToyChunks(1000), options);
  EXPECT_LE(corpus.tokens.size() - corpus.chunk_count, 2000U);
  EXPECT_GT(corpus.chunk_count, 50U);
}

TEST(CorpusTest, CutsOneChunkThatIsTooLongByItself) {
  BuiltinOptions options;
  options.max_train_tokens = 3;
  CorpusBuilder builder(kAnalyzer, options);
  builder.Add("a a a a a a a");
  const Corpus corpus = std::move(builder).Finish();
  EXPECT_EQ(corpus.chunk_count, 1U);
  EXPECT_EQ(corpus.tokens, (std::vector<uint32_t>{Corpus::kEndOfChunk}));
}

}  // namespace
}  // namespace cairn::embed
