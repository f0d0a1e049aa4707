#include <filesystem>
#include <string>
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

class BuiltinTrainTest : public BuiltinFixture {
 protected:
  size_t RowsOf(uint64_t generation) {
    const std::string prefix = keys::ModelPrefix(kCollection, generation);
    size_t count = 0;
    for (const auto& [key, value] : store_.family(Family::kManifest)) {
      count += key.starts_with(prefix) ? 1 : 0;
    }
    return count;
  }
};

TEST_F(BuiltinTrainTest, TooFewChunksSaysHowMany) {
  CAIRN_EXPECT_ERROR(Train(1, ToyChunks(12)), Code::kFailedPrecondition,
                     "needs at least 50 chunks, has 12");
  EXPECT_EQ(RowsOf(1), 0U);
}

TEST_F(BuiltinTrainTest, ChunksWithoutCommonWordsTrainNothing) {
  std::vector<std::string> chunks(60, "~x");
  CAIRN_EXPECT_ERROR(Train(1, chunks), Code::kFailedPrecondition, "several chunks");
  EXPECT_EQ(RowsOf(1), 0U);
}

TEST_F(BuiltinTrainTest, OptionsOutOfRangeAreRefused) {
  options_.block_dim = 0;
  CAIRN_EXPECT_ERROR(Train(1, ToyChunks(60)), Code::kInvalidArgument, "block_dim");
  options_ = {};
  options_.max_terms = 0;
  CAIRN_EXPECT_ERROR(Train(1, ToyChunks(60)), Code::kInvalidArgument, "max_terms");
  options_ = {};
  options_.max_train_tokens = uint64_t{1} << 40;
  CAIRN_EXPECT_ERROR(Train(1, ToyChunks(60)), Code::kInvalidArgument, "max_train_tokens");
}

TEST_F(BuiltinTrainTest, FailureOfTheSourceIsPassedOn) {
  const ChunkSource broken = [](const auto& consumer) {
    consumer("a chunk");
    return Error(Code::kIoError, "the disk is gone");
  };
  CAIRN_EXPECT_ERROR(
      TrainBuiltin(&store_, kCollection, 1, *analyzer_, broken, options_, nullptr, {}),
      Code::kIoError, "the disk is gone");
  EXPECT_EQ(RowsOf(1), 0U);
}

TEST_F(BuiltinTrainTest, CancelAtAnyMomentLeavesNoState) {
  const std::vector<std::string> chunks = ToyChunks(80);
  int checks = 0;
  CAIRN_ASSERT_OK(TrainBuiltin(&store_, kCollection, 1, *analyzer_, SourceOf(chunks), options_,
                               nullptr, [&] { return ++checks < 0; }));
  ASSERT_GT(checks, 80);
  for (int stop = 1; stop <= checks; ++stop) {
    int seen = 0;
    auto report = TrainBuiltin(&store_, kCollection, 2, *analyzer_, SourceOf(chunks), options_,
                               nullptr, [&] { return ++seen == stop; });
    CAIRN_EXPECT_ERROR(report, Code::kCancelled, "cancelled");
    EXPECT_EQ(RowsOf(2), 0U) << "stopped at check " << stop;
    CAIRN_EXPECT_ERROR(Open(2), Code::kNotFound, "generation 2");
  }
  CAIRN_EXPECT_OK(Open(1));
}

TEST_F(BuiltinTrainTest, ReportsWhatItSaw) {
  auto report = Train(3, ToyChunks(200));
  CAIRN_ASSERT_OK(report);
  EXPECT_EQ(report->chunk_count, 200U);
  EXPECT_EQ(report->term_count, kSeaWords.size() + kKitchenWords.size() + kPlainWords.size());
  EXPECT_GT(report->seconds, 0.0);
  EXPECT_EQ(RowsOf(3), report->term_count + 1);
}

TEST_F(BuiltinTrainTest, SameChunksGiveTheSameBytes) {
  CAIRN_ASSERT_OK(Train(1, ToyChunks(100)));
  const auto first = store_.family(Family::kManifest);
  CAIRN_ASSERT_OK(Train(1, ToyChunks(100)));
  EXPECT_EQ(store_.family(Family::kManifest), first);
  options_.seed = 43;
  CAIRN_ASSERT_OK(Train(1, ToyChunks(100)));
  EXPECT_NE(store_.family(Family::kManifest), first);
}

TEST_F(BuiltinTrainTest, NumberOfThreadsDoesNotChangeOneByte) {
  const std::vector<std::string> chunks = ToyChunks(3000);
  CAIRN_ASSERT_OK(Train(1, chunks));
  const auto alone = store_.family(Family::kManifest);
  for (size_t threads : {0, 1, 3}) {
    ThreadPool pool(threads);
    CAIRN_ASSERT_OK(Train(1, chunks, &pool));
    EXPECT_EQ(store_.family(Family::kManifest), alone) << threads << " threads";
  }
}

TEST_F(BuiltinTrainTest, RetrainingAGenerationLeavesNoStaleTerms) {
  std::vector<std::string> chunks = ToyChunks(100);
  for (std::string& chunk : chunks) chunk += "former";
  chunks.resize(60);
  options_.min_chunks = 10;
  std::vector<std::string> few(chunks.begin(), chunks.begin() + 10);
  CAIRN_ASSERT_OK(Train(1, few));
  const std::string former = keys::ModelRow(kCollection, 1, "former");
  ASSERT_TRUE(store_.family(Family::kManifest).contains(former));
  CAIRN_ASSERT_OK(Train(1, ToyChunks(100)));
  EXPECT_FALSE(store_.family(Family::kManifest).contains(former));
}

TEST_F(BuiltinTrainTest, CollectionsAndGenerationsAreApart) {
  CAIRN_ASSERT_OK(Train(1, ToyChunks(100)));
  const size_t rows = RowsOf(1);
  CAIRN_ASSERT_OK(TrainBuiltin(&store_, CollectionId{8}, 1, *analyzer_, SourceOf(ToyChunks(100, 2)),
                               options_, nullptr, {}));
  CAIRN_ASSERT_OK(Train(2, ToyChunks(100, 3)));
  EXPECT_EQ(RowsOf(1), rows);
  CAIRN_EXPECT_OK(Open(1));
  CAIRN_EXPECT_OK(Open(2));
}

TEST_F(BuiltinTrainTest, StartsNoThread) {
  auto threads = [] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      count += entry.is_directory() ? 1 : 0;
    }
    return count;
  };
  const size_t before = threads();
  size_t most = 0;
  options_.block_dim = 128;
  const std::vector<std::string> chunks = ToyChunks(2000);
  CAIRN_ASSERT_OK(
      TrainBuiltin(&store_, kCollection, 1, *analyzer_, SourceOf(chunks), options_, nullptr, [&] {
        most = std::max(most, threads());
        return false;
      }));
  EXPECT_EQ(most, before);
  EXPECT_EQ(threads(), before);
}

}  // namespace
}  // namespace cairn::embed
