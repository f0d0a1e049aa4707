#include <gtest/gtest.h>

#include <algorithm>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::OpenAt;

class CollectionTest : public ::testing::Test {
 protected:
  CollectionTest() : db_(OpenAt(dir_ / "db")), notes_(Must(db_->CreateCollection("notes", {}))) {}

  Status Put(const DocumentInput& input) { return notes_->Upsert({&input, 1}); }

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> notes_;
};

TEST_F(CollectionTest, BadDocumentsAreRefusedAndNamed) {
  CAIRN_EXPECT_ERROR(Put(Note("", "t", "b")), Code::kInvalidArgument, "id is empty");
  CAIRN_EXPECT_ERROR(Put(Note(std::string_view("a\0b", 3), "t", "b")), Code::kInvalidArgument,
                     "NUL");
  CAIRN_EXPECT_ERROR(Put(Note("a", "\xFF", "b")), Code::kInvalidArgument, "title is not UTF-8");
  auto input = Note("a", "t", "b");
  input.metadata_json = "{\"x\":";
  CAIRN_EXPECT_ERROR(Put(input), Code::kInvalidArgument, "metadata is not valid JSON at byte");
  input.metadata_json = "[]";
  CAIRN_EXPECT_ERROR(Put(input), Code::kInvalidArgument, "metadata is not a JSON object");
  float vector[] = {1};
  input = Note("a", "t", "b");
  input.vectors = vector;
  input.vector_count = input.dim = 1;
  CAIRN_EXPECT_ERROR(Put(input), Code::kFailedPrecondition, "builtin embedder");
  EXPECT_EQ(*notes_->Count(), 0u);
}

TEST_F(CollectionTest, ABatchStopsAtTheFirstBadDocumentAndSaysWhich) {
  std::vector<DocumentInput> inputs = {Note("a", "", "x"), Note("b", "", "x"), Note("", "", "x"),
                                       Note("d", "", "x")};
  Status status = notes_->Upsert(inputs);
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "id is empty");
  EXPECT_EQ(status.index(), 2u);
  EXPECT_EQ(*notes_->Ids("", 10), (std::vector<std::string>{"a", "b"}));
}

TEST_F(CollectionTest, ADocumentComesBackAsItWentIn) {
  auto input = Note("dir/a.md", "The Title", "# Heading\n\nSome body.\n");
  input.format = indexer::Format::kMarkdown;
  input.tags = {"x", "#y", "x"};
  input.type = "note";
  input.status = "active";
  input.description = "what it is";
  input.metadata_json = R"({"rating": 4})";
  input.created_ns = -5;
  input.modified_ns = 1700000000000000000;
  CAIRN_ASSERT_OK(Put(input));
  StoredDocument document = Must(notes_->Get("dir/a.md"));
  EXPECT_EQ(document.title, "The Title");
  EXPECT_EQ(document.body, "# Heading\n\nSome body.\n");
  EXPECT_EQ(document.tags, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(document.type, "note");
  EXPECT_EQ(document.status, "active");
  EXPECT_EQ(document.description, "what it is");
  EXPECT_EQ(document.metadata_json, R"({"rating":4})");
  EXPECT_EQ(document.created_ns, -5);
  EXPECT_EQ(document.modified_ns, 1700000000000000000);
  EXPECT_EQ(document.path, "");
  ASSERT_EQ(document.chunks.size(), 1u);
  EXPECT_NE(document.chunks[0].text.find("Some body."), std::string::npos);
}

TEST_F(CollectionTest, AnUpdateReplacesAndADeleteRemovesEveryTrace) {
  CAIRN_ASSERT_OK(Put(Note("a", "Old title", "oldword")));
  CAIRN_ASSERT_OK(Put(Note("a", "New title", "newword")));
  EXPECT_EQ(*notes_->Count(), 1u);
  EXPECT_TRUE(Must(notes_->Search(test::TextQuery("oldword old"))).results.empty());
  EXPECT_EQ(Must(notes_->Search(test::TextQuery("newword"))).results.size(), 1u);
  CAIRN_EXPECT_OK(notes_->Delete("a"));
  CAIRN_EXPECT_ERROR(notes_->Delete("a"), Code::kNotFound, "\"a\"");
  CAIRN_EXPECT_ERROR(notes_->Get("a"), Code::kNotFound, "\"a\"");
  EXPECT_EQ(*notes_->Count(), 0u);
  EXPECT_TRUE(Must(notes_->Search(test::TextQuery("newword title"))).results.empty());
}

TEST_F(CollectionTest, IdsComeInPagesInByteOrder) {
  for (int i = 0; i < 25; ++i) CAIRN_ASSERT_OK(Put(Note("id" + std::to_string(i), "", "x")));
  CAIRN_ASSERT_OK(Put(Note("id1/sub", "", "x")));
  std::vector<std::string> all;
  for (std::string after;;) {
    auto page = Must(notes_->Ids(after, 7));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < 7) break;
    after = page.back();
  }
  EXPECT_EQ(all.size(), 26u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  CAIRN_EXPECT_ERROR(notes_->Ids("", 0), Code::kInvalidArgument, "limit is 0");
  CAIRN_EXPECT_ERROR(notes_->Ids("", 10001), Code::kInvalidArgument, "10001");
}

TEST_F(CollectionTest, AnEmptyDocumentIsADocument) {
  CAIRN_ASSERT_OK(Put(Note("empty", "", "")));
  EXPECT_EQ(*notes_->Count(), 1u);
  EXPECT_EQ(Must(notes_->Get("empty")).chunks.size(), 0u);
  CAIRN_EXPECT_OK(notes_->Delete("empty"));
  EXPECT_EQ(Must(notes_->Stats()).chunk_count, 0u);
}

TEST_F(CollectionTest, StatisticsCountWhatIsLive) {
  CAIRN_ASSERT_OK(Put(Note("a", "t", "b")));
  CAIRN_ASSERT_OK(Put(Note("b", "t", "b")));
  CAIRN_ASSERT_OK(Put(Note("a", "t", "b2")));
  CollectionStats stats = Must(notes_->Stats());
  EXPECT_EQ(stats.document_count, 2u);
  EXPECT_EQ(stats.chunk_count, 2u);
  EXPECT_EQ(stats.embedder_generation, 0u);
  EXPECT_EQ(stats.dim, 512u);
}

}  // namespace
}  // namespace cairn::db
