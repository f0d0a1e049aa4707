#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "embed/builtin.h"
#include "storage/keys.h"
#include "support/matchers.h"
#include "unit/embed/toy_corpus.h"

namespace cairn::embed {
namespace {

using storage::Family;
namespace keys = storage::keys;

class BuiltinEmbedderTest : public BuiltinFixture {
 protected:
  void SetUp() override { CAIRN_ASSERT_OK(Train(1, ToyChunks(200))); }

  std::unique_ptr<Embedder> MustOpen(uint64_t generation) {
    auto embedder = Open(generation);
    CAIRN_EXPECT_OK(embedder);
    return embedder.ok() ? std::move(*embedder) : nullptr;
  }
  std::string& Stored(std::string_view term, uint64_t generation = 1) {
    return store_.family(Family::kManifest)[keys::ModelRow(kCollection, generation, term)];
  }
};

TEST_F(BuiltinEmbedderTest, AbsentGenerationIsNotFound) {
  CAIRN_EXPECT_ERROR(Open(2), Code::kNotFound, "no generation 2");
  CAIRN_EXPECT_ERROR(OpenBuiltin(&store_, CollectionId{9}, 1, analyzer_, options_), Code::kNotFound,
                     "no generation 1");
}

TEST_F(BuiltinEmbedderTest, DamagedHeaderIsDataLoss) {
  Stored("").back() ^= 1;
  CAIRN_EXPECT_ERROR(Open(1), Code::kDataLoss, "header");
}

TEST_F(BuiltinEmbedderTest, DamagedRowIsDataLoss) {
  auto embedder = MustOpen(1);
  Stored("sail").pop_back();
  std::vector<std::string_view> texts{"oven", "sail"};
  std::vector<float> out(2 * embedder->dim());
  CAIRN_EXPECT_ERROR(embedder->Embed(texts, Purpose::kDocument, out.data()), Code::kDataLoss,
                     "term");
}

TEST_F(BuiltinEmbedderTest, AnotherAnalyzerNamesTheCure) {
  auto other = std::make_shared<SpaceAnalyzer>("space/2");
  CAIRN_EXPECT_ERROR(OpenBuiltin(&store_, kCollection, 1, other, options_),
                     Code::kFailedPrecondition,
                     "analyzer \"space/1\", the collection now uses \"space/2\": train it again");
}

TEST_F(BuiltinEmbedderTest, AnotherDimensionNamesTheCure) {
  options_.block_dim = 32;
  CAIRN_EXPECT_ERROR(Open(1), Code::kFailedPrecondition, "train it again");
}

TEST_F(BuiltinEmbedderTest, FailedReadsArePassedOn) {
  auto embedder = MustOpen(1);
  store_.FailReads(Error(Code::kIoError, "bad sector"));
  std::vector<std::string_view> texts{"sail"};
  std::vector<float> out(embedder->dim());
  CAIRN_EXPECT_ERROR(embedder->Embed(texts, Purpose::kQuery, out.data()), Code::kIoError,
                     "bad sector");
  CAIRN_EXPECT_ERROR(Open(1), Code::kIoError, "bad sector");
}

TEST_F(BuiltinEmbedderTest, RemovedGenerationIsAnErrorNotAZeroVector) {
  auto embedder = MustOpen(1);
  store_.family(Family::kManifest).clear();
  std::vector<std::string_view> texts{"sail"};
  std::vector<float> out(embedder->dim());
  CAIRN_EXPECT_ERROR(embedder->Embed(texts, Purpose::kQuery, out.data()), Code::kFailedPrecondition,
                     "was removed");
}

TEST_F(BuiltinEmbedderTest, TextWithoutKnownTermsGivesZeros) {
  auto embedder = MustOpen(1);
  const std::vector<float> zeros(embedder->dim(), 0.0F);
  EXPECT_EQ(Vectors(*embedder, {"zebra quux"}), zeros);
  EXPECT_EQ(Vectors(*embedder, {""}), zeros);
  EXPECT_EQ(Vectors(*embedder, {"~sail"}), zeros);
}

TEST_F(BuiltinEmbedderTest, UnknownWordsDoNotMoveTheVector) {
  auto embedder = MustOpen(1);
  EXPECT_EQ(Vectors(*embedder, {"sail zebra mast"}), Vectors(*embedder, {"sail mast"}));
}

TEST_F(BuiltinEmbedderTest, NoTextsIsFine) {
  CAIRN_EXPECT_OK(MustOpen(1)->Embed({}, Purpose::kDocument, nullptr));
}

TEST_F(BuiltinEmbedderTest, IdentityHoldsDimensionAndGeneration) {
  auto embedder = MustOpen(1);
  EXPECT_EQ(embedder->identity().ToString(), "builtin/1-32@1");
  EXPECT_EQ(embedder->dim(), BuiltinDim(options_));
}

TEST_F(BuiltinEmbedderTest, VectorsHaveLengthOneAndEqualBlocks) {
  auto embedder = MustOpen(1);
  const std::vector<float> vector = Vectors(*embedder, {"sail oven day"});
  double lsa = 0;
  double ppmi = 0;
  for (size_t i = 0; i < 16; ++i) {
    lsa += static_cast<double>(vector[i]) * vector[i];
    ppmi += static_cast<double>(vector[16 + i]) * vector[16 + i];
  }
  EXPECT_NEAR(lsa, 0.5, 1e-5);
  EXPECT_NEAR(ppmi, 0.5, 1e-5);
}

TEST_F(BuiltinEmbedderTest, WordsOfOneTopicAreNearer) {
  auto embedder = MustOpen(1);
  auto mean = [&](const auto& left, const auto& right) {
    float sum = 0;
    int count = 0;
    for (const char* a : left) {
      for (const char* b : right) {
        if (std::string_view(a) == b) continue;
        sum += Dot(Vectors(*embedder, {a}), Vectors(*embedder, {b}));
        ++count;
      }
    }
    return sum / static_cast<float>(count);
  };
  const float across = mean(kSeaWords, kKitchenWords);
  EXPECT_GT(mean(kSeaWords, kSeaWords), across + 0.1F);
  EXPECT_GT(mean(kKitchenWords, kKitchenWords), across + 0.1F);
}

TEST_F(BuiltinEmbedderTest, NewTextsAreFoldedInNearTheirTopic) {
  auto embedder = MustOpen(1);
  const auto voyage = Vectors(*embedder, {"a sailor sets the compass and leaves the harbour"});
  const auto boat = Vectors(*embedder, {"mast keel rudder"});
  const auto bread = Vectors(*embedder, {"flour yeast dough"});
  EXPECT_GT(Dot(voyage, boat), Dot(voyage, bread) + 0.3F);
}

TEST_F(BuiltinEmbedderTest, SmallCollectionPadsWithZeros) {
  options_.block_dim = 128;
  CAIRN_ASSERT_OK(Train(5, ToyChunks(60)));
  auto embedder = MustOpen(5);
  ASSERT_EQ(embedder->dim(), 256U);
  const auto vector = Vectors(*embedder, {"sail mast"});
  const size_t terms = kSeaWords.size() + kKitchenWords.size() + kPlainWords.size();
  for (size_t i = terms; i < 128; ++i) {
    EXPECT_EQ(vector[i], 0.0F);
    EXPECT_EQ(vector[128 + i], 0.0F);
  }
  EXPECT_NEAR(Dot(vector, vector), 1, 1e-5);
}

TEST_F(BuiltinEmbedderTest, GenerationsDoNotMix) {
  auto first = MustOpen(1);
  const auto before = Vectors(*first, {"sail mast anchor"});
  std::vector<std::string> chunks = ToyChunks(200, 9);
  for (std::string& chunk : chunks) chunk += "lighthouse";
  for (size_t i = 0; i < chunks.size(); i += 3) chunks[i] = "plain filler";
  CAIRN_ASSERT_OK(Train(2, chunks));
  auto second = MustOpen(2);
  EXPECT_EQ(second->identity().generation, 2U);
  EXPECT_NE(first->identity(), second->identity());
  EXPECT_EQ(Vectors(*MustOpen(1), {"sail mast anchor"}), before);
  EXPECT_NE(Vectors(*second, {"sail mast anchor"}), before);
  EXPECT_EQ(Dot(Vectors(*first, {"filler"}), Vectors(*first, {"filler"})), 0.0F);
  EXPECT_NEAR(Dot(Vectors(*second, {"filler"}), Vectors(*second, {"filler"})), 1, 1e-5);
}

TEST_F(BuiltinEmbedderTest, CallsOfManyTextsEqualCallsOfOne) {
  auto embedder = MustOpen(1);
  const std::vector<std::string> texts = ToyChunks(150, 4);
  const std::vector<float> together = Vectors(*embedder, texts);
  ASSERT_FALSE(together.empty());
  auto fresh = MustOpen(1);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto begin = together.begin() + static_cast<ptrdiff_t>(i * embedder->dim());
    EXPECT_EQ(Vectors(*fresh, {texts[i]}), std::vector<float>(begin, begin + embedder->dim()));
  }
}

TEST_F(BuiltinEmbedderTest, QueriesAndDocumentsShareTheSpace) {
  auto embedder = MustOpen(1);
  std::vector<std::string_view> texts{"sail mast"};
  std::vector<float> query(embedder->dim());
  CAIRN_ASSERT_OK(embedder->Embed(texts, Purpose::kQuery, query.data()));
  EXPECT_EQ(query, Vectors(*embedder, {"sail mast"}));
}

TEST_F(BuiltinEmbedderTest, ThreadsShareOneEmbedder) {
  auto embedder = MustOpen(1);
  const std::vector<std::string> texts = ToyChunks(100, 6);
  const std::vector<float> expected = Vectors(*MustOpen(1), texts);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = Vectors(*embedder, texts); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace cairn::embed
