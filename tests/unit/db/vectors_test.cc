#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::OpenAt;
using test::WithVectors;

class VectorsTest : public ::testing::Test {
 protected:
  VectorsTest()
      : db_(OpenAt(dir_ / "db")), vectors_(Must(db_->CreateCollection("v", WithVectors(2)))) {}

  Status Put(std::string_view id, std::vector<float> rows, uint32_t dim = 2) {
    auto input = Note(id, "", "");
    input.vectors = rows.data();
    input.vector_count = rows.size() / dim;
    input.dim = dim;
    return vectors_->Upsert({&input, 1});
  }

  std::vector<std::string> Nearest(std::vector<float> query, size_t k) {
    auto lists = Must(vectors_->SearchVectors(query, 2, k, ""));
    std::vector<std::string> ids;
    for (const auto& hit : lists[0]) ids.push_back(*vectors_->IdOf(hit.doc));
    return ids;
  }

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> vectors_;
};

TEST_F(VectorsTest, BadVectorsAreRefused) {
  CAIRN_EXPECT_ERROR(Put("a", {1, 2, 3}, 3), Code::kInvalidArgument,
                     "3 dimensions, the collection has 2");
  CAIRN_EXPECT_ERROR(Put("a", {1, std::nanf("")}), Code::kInvalidArgument, "");
  CAIRN_EXPECT_ERROR(Put("a", {std::numeric_limits<float>::infinity(), 1}), Code::kInvalidArgument,
                     "");
  CAIRN_EXPECT_ERROR(Put("a", {0, 0}), Code::kInvalidArgument, "zero");
  std::vector<float> query = {1, 2, 3};
  CAIRN_EXPECT_ERROR(vectors_->SearchVectors(query, 3, 1, ""), Code::kInvalidArgument,
                     "3 dimensions");
  query = {1, std::nanf("")};
  CAIRN_EXPECT_ERROR(vectors_->SearchVectors(query, 2, 1, ""), Code::kInvalidArgument,
                     "query vector");
  query = {1, 1};
  CAIRN_EXPECT_ERROR(vectors_->SearchVectors(query, 2, 0, ""), Code::kInvalidArgument, "k is 0");
}

TEST_F(VectorsTest, OneHitPerDocumentTheNewestVectorOnly) {
  CAIRN_ASSERT_OK(Put("a", {1, 0, 0.9f, 0.1f}));
  CAIRN_ASSERT_OK(Put("b", {0, 1}));
  EXPECT_EQ(Nearest({1, 0}, 10), (std::vector<std::string>{"a", "b"}));
  CAIRN_ASSERT_OK(Put("a", {-1, 0}));
  EXPECT_EQ(Nearest({1, 0}, 10), (std::vector<std::string>{"b", "a"}));
  CAIRN_ASSERT_OK(vectors_->Delete("b"));
  EXPECT_EQ(Nearest({0, 1}, 10), (std::vector<std::string>{"a"}));
}

TEST_F(VectorsTest, SearchByVectorNeedsNoText) {
  CAIRN_ASSERT_OK(Put("a", {1, 0}));
  CAIRN_ASSERT_OK(Put("b", {0, 1}));
  std::vector<float> query = {0.1f, 1};
  query::SearchRequest request;
  request.vector = query;
  auto response = Must(vectors_->Search(request));
  EXPECT_EQ(response.mode, query::Mode::kVector);
  EXPECT_EQ(test::Ids(response), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(response.total, 2u);
  query = {1, 1, 1};
  request.vector = query;
  CAIRN_EXPECT_ERROR(vectors_->Search(request), Code::kInvalidArgument, "has 3 dimensions");
}

TEST_F(VectorsTest, MinScoreHoldsForVectorsToo) {
  CAIRN_ASSERT_OK(Put("near", {1, 0.01f}));
  CAIRN_ASSERT_OK(Put("far", {-1, 0}));
  std::vector<float> query = {1, 0};
  query::SearchRequest request;
  request.vector = query;
  request.min_score = 0.5f;
  auto response = Must(vectors_->Search(request));
  EXPECT_EQ(test::Ids(response), (std::vector<std::string>{"near"}));
  EXPECT_EQ(response.total, 1u);
}

TEST_F(VectorsTest, ACollectionWithoutVectorsSaysSo) {
  auto plain = Must(db_->CreateCollection("plain", WithVectors(0)));
  query::SearchRequest request;
  request.text = "x";
  request.mode = query::Mode::kVector;
  CAIRN_EXPECT_ERROR(plain->Search(request), Code::kFailedPrecondition, "no vectors");
  std::vector<float> query = {1, 0};
  CAIRN_EXPECT_ERROR(plain->SearchVectors(query, 2, 1, ""), Code::kFailedPrecondition,
                     "no vectors");
}

struct CountingEmbedder {
  int calls = 0;
  size_t texts = 0;
  int freed = 0;
  bool fail = false;

  embed::HostCallback Callback() {
    return {[](const char* const* inputs, const size_t* sizes, size_t count, int32_t, float* out,
               void* user) -> int32_t {
              auto* self = static_cast<CountingEmbedder*>(user);
              ++self->calls;
              self->texts += count;
              if (self->fail) return 1;
              for (size_t i = 0; i < count; ++i) {
                out[2 * i] = 1;
                out[2 * i + 1] = static_cast<float>(sizes[i] % 7) + (inputs[i][0] == 'q' ? 10 : 0);
              }
              return 0;
            },
            this, [](void* user) { ++static_cast<CountingEmbedder*>(user)->freed; }};
  }
};

CollectionOptions WithCallback(CountingEmbedder& embedder) {
  CollectionOptions options;
  options.config.embedder = EmbedderKind::kCallback;
  options.config.dim = 2;
  options.config.embedder_name = "counting";
  options.callback = embedder.Callback();
  return options;
}

TEST_F(VectorsTest, CallbackEmbedsWhatChangedAndIsFreedOnce) {
  CountingEmbedder embedder;
  {
    auto notes = Must(db_->CreateCollection("c", WithCallback(embedder)));
    auto input = Note("a", "t", "some body");
    CAIRN_ASSERT_OK(notes->Upsert({&input, 1}));
    EXPECT_EQ(embedder.texts, 1u);
    CAIRN_ASSERT_OK(notes->Upsert({&input, 1}));
    EXPECT_EQ(embedder.texts, 1u) << "the same text was embedded twice";
    query::SearchRequest request;
    request.text = "body";
    auto response = Must(notes->Search(request));
    EXPECT_EQ(response.mode, query::Mode::kHybrid);
    EXPECT_EQ(test::Ids(response), (std::vector<std::string>{"a"}));
  }
  CAIRN_EXPECT_OK(db_->DropCollection("c"));
  db_.reset();
  vectors_.reset();
  EXPECT_EQ(embedder.freed, 1);
}

TEST_F(VectorsTest, AFailingEmbedderStoresNothingAndDegradesSearch) {
  CountingEmbedder embedder;
  auto notes = Must(db_->CreateCollection("c", WithCallback(embedder)));
  auto good = Note("good", "t", "some body");
  CAIRN_ASSERT_OK(notes->Upsert({&good, 1}));
  embedder.fail = true;
  auto bad = Note("bad", "t", "other body");
  CAIRN_EXPECT_ERROR(notes->Upsert({&bad, 1}), Code::kUnavailable, "embedding failed");
  EXPECT_EQ(*notes->Count(), 1u);
  query::SearchRequest request;
  request.text = "body";
  auto response = Must(notes->Search(request));
  EXPECT_EQ(response.mode, query::Mode::kText);
  EXPECT_NE(response.degraded.find("embedding"), std::string::npos);
  EXPECT_EQ(response.results.size(), 1u);
  request.mode = query::Mode::kVector;
  EXPECT_FALSE(notes->Search(request).ok());
  // The database frees the callback, so it has to go before what the callback points to.
  notes.reset();
  vectors_.reset();
  db_.reset();
}

TEST_F(VectorsTest, CallbackIsFreedWhenCreationFails) {
  CountingEmbedder embedder;
  auto options = WithCallback(embedder);
  options.config.embedder_name.clear();
  CAIRN_EXPECT_ERROR(db_->CreateCollection("c", options), Code::kInvalidArgument, "name");
  EXPECT_EQ(embedder.freed, 1);
  CAIRN_EXPECT_ERROR(db_->CreateCollection("v", WithCallback(embedder)), Code::kAlreadyExists, "v");
  EXPECT_EQ(embedder.freed, 2);
}

}  // namespace
}  // namespace cairn::db
