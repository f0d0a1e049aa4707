#include <gtest/gtest.h>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Ids;
using test::Must;
using test::Note;
using test::OpenAt;
using test::TextQuery;

class SearchTest : public ::testing::Test {
 protected:
  SearchTest() : db_(OpenAt(dir_ / "db")), notes_(Must(db_->CreateCollection("notes", {}))) {}

  void Put(const DocumentInput& input) { CAIRN_ASSERT_OK(notes_->Upsert({&input, 1})); }

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> notes_;
};

TEST_F(SearchTest, BadRequestsAreNamed) {
  Put(Note("a", "t", "word"));
  CAIRN_EXPECT_ERROR(notes_->Search(TextQuery("")), Code::kInvalidArgument, "query is empty");
  CAIRN_EXPECT_ERROR(notes_->Search(TextQuery(" \t\n")), Code::kInvalidArgument, "query is empty");
  auto request = TextQuery("word");
  request.limit = 0;
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kInvalidArgument, "limit is 0");
  request.limit = 1001;
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kInvalidArgument, "limit is 1001");
  request = TextQuery("word");
  request.offset = 10001;
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kInvalidArgument, "offset is 10001");
  request = TextQuery("word");
  request.filter_json = R"({"a":{"b":1}})";
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kInvalidArgument, "\"b\" at byte");
  request = TextQuery("word");
  request.text_weight = -1;
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kInvalidArgument, "weight");
  request = TextQuery("word");
  request.mode = query::Mode::kVector;
  CAIRN_EXPECT_ERROR(notes_->Search(request), Code::kFailedPrecondition, "not trained yet");
}

TEST_F(SearchTest, AResultCarriesEverything) {
  auto input =
      Note("n/a.md", "Sourdough bread", "# Start\n\nMix flour.\n\n# Later\n\nThe crumb is open.\n");
  input.format = indexer::Format::kMarkdown;
  input.tags = {"baking"};
  input.metadata_json = R"({"rating":4})";
  Put(input);
  auto response = Must(notes_->Search(TextQuery("crumb")));
  ASSERT_EQ(response.results.size(), 1u);
  const auto& result = response.results[0];
  EXPECT_EQ(result.id, "n/a.md");
  EXPECT_EQ(result.title, "Sourdough bread");
  EXPECT_EQ(result.tags, (std::vector<std::string>{"baking"}));
  EXPECT_EQ(result.metadata_json, R"({"rating":4})");
  EXPECT_GT(result.score, 0);
  EXPECT_EQ(result.score, result.text_score);
  EXPECT_TRUE(result.has_chunk);
  std::string_view span =
      input.body.substr(result.chunk_begin, result.chunk_end - result.chunk_begin);
  EXPECT_NE(span.find("The crumb is open."), std::string_view::npos);
  EXPECT_GE(result.matched_chunks, 1u);
  ASSERT_EQ(result.snippet.highlights.size(), 1u);
  auto [begin, end] = result.snippet.highlights[0];
  EXPECT_EQ(result.snippet.text.substr(begin, end - begin), "crumb");
}

TEST_F(SearchTest, TitleAndTagsWeighMoreThanTheBody) {
  Put(Note("body", "other", "kimchi is mentioned in passing here"));
  Put(Note("title", "kimchi", "something else is mentioned in passing"));
  auto tagged = Note("tag", "other", "something else is mentioned in passing");
  tagged.tags = {"kimchi"};
  Put(tagged);
  auto ids = Ids(Must(notes_->Search(TextQuery("kimchi"))));
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[2], "body");
}

TEST_F(SearchTest, InactiveAndHiddenAreLeftOutUnlessAskedFor) {
  Put(Note("on", "", "word"));
  auto off = Note("off", "", "word");
  off.status = "Inactive";
  Put(off);
  auto hidden = Note("secret", "", "word");
  hidden.status = "hidden";
  Put(hidden);
  EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("word")))), (std::vector<std::string>{"on"}));
  auto request = TextQuery("word");
  request.include_inactive = true;
  EXPECT_EQ(Must(notes_->Search(request)).total, 3u);
  request = TextQuery("word");
  request.filter_json = R"({"status":"inactive"})";
  EXPECT_EQ(Ids(Must(notes_->Search(request))), (std::vector<std::string>{"off"}));
}

TEST_F(SearchTest, ASelectiveFilterStillFillsThePage) {
  for (int i = 0; i < 400; ++i) {
    std::string id = "d" + std::to_string(i);
    auto input = Note(id, "word", "word word");
    if (i % 100 == 99) input.tags = {"rare"};
    if (i % 100 == 99) input.body = "a much longer text in which the word is lost among others";
    Put(input);
  }
  auto request = TextQuery("word");
  request.filter_json = R"({"tags":"rare"})";
  request.limit = 3;
  auto response = Must(notes_->Search(request));
  EXPECT_EQ(response.results.size(), 3u);
  EXPECT_EQ(response.total, 4u);
  EXPECT_TRUE(response.has_more);
}

TEST_F(SearchTest, AutoModeAnswersByTextAndSaysWhyBeforeTraining) {
  Put(Note("a", "", "word"));
  query::SearchRequest request;
  request.text = "word";
  auto response = Must(notes_->Search(request));
  EXPECT_EQ(response.mode, query::Mode::kText);
  EXPECT_NE(response.degraded.find("not trained yet"), std::string::npos);
  EXPECT_EQ(response.results.size(), 1u);
}

TEST_F(SearchTest, MinScoreDropsAndCounts) {
  Put(Note("a", "word", "word word word"));
  Put(Note("b", "", "the word among many other things that are said here at length"));
  auto all = Must(notes_->Search(TextQuery("word")));
  ASSERT_EQ(all.results.size(), 2u);
  auto request = TextQuery("word");
  request.min_score = static_cast<float>((all.results[0].score + all.results[1].score) / 2);
  auto response = Must(notes_->Search(request));
  EXPECT_EQ(Ids(response), (std::vector<std::string>{"a"}));
  EXPECT_EQ(response.total, 1u);
  EXPECT_FALSE(response.has_more);
}

}  // namespace
}  // namespace cairn::db
