#include <gtest/gtest.h>

#include <random>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::WithVectors;

constexpr uint32_t kDim = 16;
constexpr uint64_t kLimit = 1536u << 10;

class VectorMemoryTest : public ::testing::Test {
 protected:
  void Open(uint64_t limit) {
    vectors_.reset();
    db_.reset();
    DatabaseOptions options;
    options.path = dir_ / "db";
    options.durability = storage::Durability::kAsync;
    options.thread_count = 2;
    options.vector_memory_bytes = limit;
    db_ = Must(Database::Open(options));
    auto opened = db_->OpenCollection("v", nullptr);
    vectors_ = opened.ok() ? std::move(opened).value()
                           : Must(db_->CreateCollection("v", WithVectors(kDim)));
  }
  /// Writes new documents, or the first ones again; returns what made it stop.
  Status Put(int begin, int end) {
    for (int i = begin; i < end; ++i) {
      std::vector<float> row(kDim);
      for (float& x : row) x = normal_(random_);
      std::string id = std::to_string(i);
      auto input = Note(id, "", "");
      input.vectors = row.data();
      input.vector_count = 1;
      input.dim = kDim;
      CAIRN_RETURN_IF_ERROR(vectors_->Upsert({&input, 1}));
      written_ = std::max(written_, i + 1);
      if (i % 16 == 0) ExpectWithin();
    }
    return OkStatus();
  }
  void ExpectWithin() {
    DatabaseStats stats = Must(db_->Stats());
    if (stats.vector_memory_limit_bytes == 0) return;
    ASSERT_LE(stats.vector_memory_used_bytes, stats.vector_memory_limit_bytes);
  }
  size_t CountFound() {
    std::vector<float> query(kDim, 1);
    return Must(vectors_->SearchVectors(query, kDim, 100'000, ""))[0].size();
  }

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> vectors_;
  std::mt19937 random_{11};
  std::normal_distribution<float> normal_;
  int written_ = 0;
};

TEST_F(VectorMemoryTest, WritesAreRefusedBeforeTheLimitBreaks) {
  Open(kLimit);
  EXPECT_EQ(CountFound(), 0u);
  Status refused = Put(0, 100'000);
  CAIRN_EXPECT_ERROR(refused, Code::kResourceExhausted, std::to_string(kLimit));
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("needs"));
  ASSERT_NO_FATAL_FAILURE(ExpectWithin());
  // Nothing half-written: neither in the store nor in the index.
  EXPECT_GT(written_, 2000);
  EXPECT_EQ(Must(vectors_->Count()), static_cast<uint64_t>(written_));
  EXPECT_EQ(CountFound(), static_cast<size_t>(written_));
  CAIRN_EXPECT_ERROR(vectors_->Get(std::to_string(written_)), Code::kNotFound, "");
  // What fits into the limit is sealed, not scanned for ever.
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  uint64_t fresh = 0;
  for (const auto& segment : Must(vectors_->Stats()).segments) {
    if (segment.code_bits == 0) fresh += segment.rows;
  }
  EXPECT_LT(fresh, static_cast<uint64_t>(written_) / 2);
  // Documents without vectors are no matter.
  auto note = Note("words", "", "some words");
  CAIRN_EXPECT_OK(vectors_->Upsert({&note, 1}));
}

TEST_F(VectorMemoryTest, RoomComesBack) {
  Open(kLimit);
  EXPECT_EQ(CountFound(), 0u);
  CAIRN_EXPECT_ERROR(Put(0, 100'000), Code::kResourceExhausted, "");
  int full = written_;
  for (int i = 0; i < full; ++i) {
    if (i % 4 != 0) CAIRN_ASSERT_OK(vectors_->Delete(std::to_string(i)));
  }
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  ASSERT_NO_FATAL_FAILURE(ExpectWithin());
  CAIRN_EXPECT_OK(Put(full, full + full / 4));
  EXPECT_EQ(CountFound(), static_cast<size_t>((full + 3) / 4 + full / 4));
}

TEST_F(VectorMemoryTest, AnIndexLargerThanTheLimitIsReadFromItsFiles) {
  Open(0);
  EXPECT_EQ(CountFound(), 0u);
  CAIRN_ASSERT_OK(Put(0, 4000));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  CAIRN_ASSERT_OK(db_->Close());
  Open(400 << 10);
  EXPECT_EQ(CountFound(), 4000u);
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  ASSERT_NO_FATAL_FAILURE(ExpectWithin());
  CollectionStats stats = Must(vectors_->Stats());
  ASSERT_EQ(stats.segments.size(), 1u);
  EXPECT_EQ(stats.segments[0].state, vector::SegmentStats::State::kMapped);
  EXPECT_EQ(CountFound(), 4000u);
}

TEST_F(VectorMemoryTest, AnIndexThatCannotBeBuiltSaysWhy) {
  Open(0);
  CAIRN_ASSERT_OK(Put(0, 3000));  // nobody searched: there is no index, and no file
  Open(200 << 10);
  std::vector<float> query(kDim, 1);
  CAIRN_EXPECT_ERROR(vectors_->SearchVectors(query, kDim, 10, ""), Code::kResourceExhausted,
                     "limit for vectors in memory of 204800");
  EXPECT_EQ(Must(vectors_->Count()), 3000u);
  // There is still the text.
  auto note = Note("words", "", "some words");
  CAIRN_EXPECT_OK(vectors_->Upsert({&note, 1}));
  query::SearchRequest request;
  request.text = "words";
  for (query::Mode mode : {query::Mode::kAuto, query::Mode::kHybrid}) {
    request.mode = mode;
    auto response = Must(vectors_->Search(request));
    EXPECT_EQ(test::Ids(response), std::vector<std::string>{"words"});
    EXPECT_THAT(response.degraded, ::testing::HasSubstr("limit for vectors in memory"));
  }
  request.mode = query::Mode::kVector;
  CAIRN_EXPECT_ERROR(vectors_->Search(request), Code::kResourceExhausted, "");
  Open(0);
  EXPECT_EQ(CountFound(), 3000u);
}

TEST_F(VectorMemoryTest, LettingACollectionGoGivesItsMemoryBack) {
  Open(kLimit);
  EXPECT_EQ(CountFound(), 0u);
  CAIRN_ASSERT_OK(Put(0, 2500));
  CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  EXPECT_GT(Must(db_->Stats()).vector_memory_used_bytes, 0u);
  CAIRN_ASSERT_OK(db_->DropCollection("v"));
  EXPECT_EQ(Must(db_->Stats()).vector_memory_used_bytes, 0u);
}

}  // namespace
}  // namespace cairn::db
