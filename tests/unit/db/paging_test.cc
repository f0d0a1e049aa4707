#include <gtest/gtest.h>

#include <algorithm>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Ids;
using test::Must;
using test::Note;
using test::OpenAt;

/// Joins all pages of `page_size`, checking the total and has_more of each.
std::vector<std::string> AllPages(const Collection& notes, query::SearchRequest request,
                                  uint32_t page_size) {
  std::vector<std::string> all;
  request.limit = page_size;
  for (request.offset = 0;; request.offset += page_size) {
    auto response = Must(notes.Search(request));
    auto ids = Ids(response);
    all.insert(all.end(), ids.begin(), ids.end());
    EXPECT_EQ(response.has_more, all.size() < response.total) << "offset " << request.offset;
    if (!response.has_more) return all;
    EXPECT_EQ(ids.size(), page_size);
  }
}

class PagingTest : public ::testing::Test {
 protected:
  PagingTest()
      : db_(OpenAt(dir_ / "db")), notes_(Must(db_->CreateCollection("n", test::WithVectors(2)))) {
    // Written in an order unlike that of the ids, with many equal scores in both lists.
    std::vector<DocumentInput> inputs;
    for (int i = 0; i < kCount; ++i) {
      int shuffled = (i * 37) % kCount;
      ids_.push_back("doc" + std::to_string(100 + shuffled));
      bodies_.push_back(shuffled % 3 == 0 ? "word word filler" : "word filler filler");
      vectors_.push_back({1.0f, static_cast<float>(shuffled % 5)});
    }
    for (int i = 0; i < kCount; ++i) {
      inputs.push_back(Note(ids_[i], "", bodies_[i]));
      inputs.back().vectors = vectors_[i].data();
      inputs.back().vector_count = 1;
      inputs.back().dim = 2;
    }
    CAIRN_EXPECT_OK(notes_->Upsert(inputs));
  }

  static constexpr int kCount = 60;
  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> notes_;
  std::vector<std::string> ids_;
  std::vector<std::string> bodies_;
  std::vector<std::array<float, 2>> vectors_;
};

TEST_F(PagingTest, PagesJoinToTheFullListInEveryMode) {
  std::vector<float> vector = {1, 0.3f};
  for (query::Mode mode : {query::Mode::kText, query::Mode::kVector, query::Mode::kHybrid}) {
    query::SearchRequest request;
    request.text = "word";
    request.mode = mode;
    request.vector = vector;
    std::vector<std::string> full = AllPages(*notes_, request, 100);
    EXPECT_EQ(full.size(), static_cast<size_t>(kCount));
    for (uint32_t page : {1u, 7u, 10u, 59u, 60u}) {
      EXPECT_EQ(AllPages(*notes_, request, page), full)
          << query::ModeName(mode) << " in pages of " << page;
    }
  }
}

TEST_F(PagingTest, TiesAreOrderedById) {
  auto full = AllPages(*notes_, test::TextQuery("word"), 100);
  ASSERT_EQ(full.size(), static_cast<size_t>(kCount));
  EXPECT_TRUE(std::is_sorted(full.begin(), full.begin() + 20));
  EXPECT_TRUE(std::is_sorted(full.begin() + 20, full.end()));
}

TEST_F(PagingTest, BeyondTheEndIsEmpty) {
  auto request = test::TextQuery("word");
  request.offset = 60;
  auto response = Must(notes_->Search(request));
  EXPECT_TRUE(response.results.empty());
  EXPECT_FALSE(response.has_more);
  EXPECT_EQ(response.total, 60u);
}

}  // namespace
}  // namespace cairn::db
