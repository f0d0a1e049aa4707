#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Ids;
using test::Must;
using test::Note;
using test::OpenAt;
using test::TwoTopics;

class TrainingTest : public ::testing::Test {
 protected:
  TrainingTest() : db_(OpenAt(dir_ / "db")), notes_(Must(db_->CreateCollection("notes", {}))) {}

  void PutAll(const std::vector<std::pair<std::string, std::string>>& notes) {
    std::vector<DocumentInput> inputs;
    for (const auto& [id, body] : notes) inputs.push_back(Note(id, "", body));
    CAIRN_ASSERT_OK(notes_->Upsert(inputs));
  }

  query::SearchResponse Nearest(std::string_view text) {
    query::SearchRequest request;
    request.text = text;
    request.mode = query::Mode::kVector;
    return Must(notes_->Search(request));
  }

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> notes_;
};

TEST_F(TrainingTest, TooFewChunksAreAnErrorThatSaysHowMany) {
  PutAll(TwoTopics(10));
  CAIRN_EXPECT_ERROR(notes_->Train(), Code::kFailedPrecondition, "10");
  auto plain = Must(db_->CreateCollection("plain", test::WithVectors(0)));
  CAIRN_EXPECT_ERROR(plain->Train(), Code::kFailedPrecondition, "builtin");
}

TEST_F(TrainingTest, HappensByItselfOnGrowthAndFindsRelatedWords) {
  PutAll(TwoTopics(80));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  CollectionStats stats = Must(notes_->Stats());
  EXPECT_EQ(stats.embedder_generation, 1u);
  EXPECT_EQ(stats.trained_chunk_count, 80u);
  EXPECT_EQ(stats.vector_count, 80u);
  auto response = Nearest("dough yeast");
  ASSERT_EQ(response.results.size(), 10u);
  for (const auto& result : response.results) {
    EXPECT_EQ((std::stoi(result.id.substr(3)) - 1000) % 2, 0) << result.id;
  }
  query::SearchRequest request;
  request.text = "dough yeast";
  EXPECT_EQ(Must(notes_->Search(request)).mode, query::Mode::kHybrid);
}

TEST_F(TrainingTest, NewDocumentsAreFoldedInAtOnceAndGrowthRetrains) {
  PutAll(TwoTopics(80));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  PutAll({{"new", "star galaxy telescope orbit planet comet nebula eclipse"}});
  EXPECT_EQ(Must(notes_->Stats()).vector_count, 81u);
  EXPECT_EQ(Must(notes_->Stats()).embedder_generation, 1u);
  auto more = TwoTopics(121);
  PutAll(more);
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  CollectionStats stats = Must(notes_->Stats());
  EXPECT_EQ(stats.embedder_generation, 2u);
  EXPECT_EQ(stats.vector_count, 122u);
  EXPECT_EQ(Nearest("star galaxy").total, 122u);
}

TEST_F(TrainingTest, TheGenerationIsThereAfterReopening) {
  PutAll(TwoTopics(80));
  CAIRN_ASSERT_OK(notes_->Train());
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  auto before = Ids(Nearest("dough yeast"));
  uint64_t generation = Must(notes_->Stats()).embedder_generation;
  notes_.reset();
  db_.reset();
  db_ = OpenAt(dir_ / "db");
  notes_ = Must(db_->OpenCollection("notes", nullptr));
  EXPECT_EQ(Must(notes_->Stats()).embedder_generation, generation);
  EXPECT_EQ(Ids(Nearest("dough yeast")), before);
}

TEST_F(TrainingTest, AWordThatIsNotKnownFindsNothingByVectorAndTextInHybrid) {
  PutAll(TwoTopics(80));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  PutAll({{"odd", "zyzzyva"}});
  auto nearest = Nearest("zyzzyva");
  EXPECT_TRUE(nearest.results.empty());
  EXPECT_NE(nearest.degraded.find("knows no word"), std::string::npos);
  query::SearchRequest request;
  request.text = "zyzzyva";
  EXPECT_EQ(Ids(Must(notes_->Search(request))), (std::vector<std::string>{"odd"}));
}

TEST_F(TrainingTest, WritesDuringTrainingAreNeitherLostNorDoubled) {
  PutAll(TwoTopics(80));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      std::string id = "w" + std::to_string(i % 40);
      auto input = Note(id, "", i % 2 == 0 ? "dough oven loaf" : "comet nebula orbit");
      EXPECT_TRUE(notes_->Upsert({&input, 1}).ok());
      if (i % 7 != 0) continue;
      EXPECT_TRUE(notes_->Delete(id).ok());
    }
  });
  for (int i = 0; i < 3; ++i) CAIRN_EXPECT_OK(notes_->Train());
  stop = true;
  writer.join();
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  CollectionStats stats = Must(notes_->Stats());
  EXPECT_EQ(stats.vector_count, stats.document_count);
  auto live = Nearest("dough comet");
  EXPECT_EQ(live.total, stats.document_count);
  // What is stored agrees with what was in memory.
  notes_.reset();
  db_.reset();
  db_ = OpenAt(dir_ / "db");
  notes_ = Must(db_->OpenCollection("notes", nullptr));
  EXPECT_EQ(Ids(Nearest("dough comet")), Ids(live));
  EXPECT_EQ(Nearest("dough comet").total, stats.document_count);
}

}  // namespace
}  // namespace cairn::db
