#include "db/database.h"

#include <gtest/gtest.h>

#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::OpenAt;
using test::TempDir;

TEST(DatabaseTest, BadPathsAreRefused) {
  DatabaseOptions options;
  CAIRN_EXPECT_ERROR(Database::Open(options), Code::kInvalidArgument, "path is empty");
  options.path = std::string("a\0b", 3);
  CAIRN_EXPECT_ERROR(Database::Open(options), Code::kInvalidArgument, "NUL");
  TempDir dir;
  options.path = dir / "none";
  options.must_exist = true;
  CAIRN_EXPECT_ERROR(Database::Open(options), Code::kNotFound, "none");
}

TEST(DatabaseTest, CollectionsAreCreatedListedOpenedAndDropped) {
  TempDir dir;
  auto db = OpenAt(dir / "db");
  CAIRN_EXPECT_ERROR(db->OpenCollection("notes", nullptr), Code::kNotFound, "\"notes\"");
  auto notes = Must(db->CreateCollection("notes", {}));
  auto other = Must(db->CreateCollection("another", {}));
  CAIRN_EXPECT_ERROR(db->CreateCollection("notes", {}), Code::kAlreadyExists, "notes");
  EXPECT_EQ(*db->CollectionNames(), (std::vector<std::string>{"another", "notes"}));
  auto input = Note("a", "Title", "body words");
  CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
  CAIRN_EXPECT_OK(other->Upsert({&input, 1}));
  CAIRN_EXPECT_OK(db->DropCollection("notes"));
  CAIRN_EXPECT_ERROR(db->DropCollection("notes"), Code::kNotFound, "notes");
  CAIRN_EXPECT_ERROR(notes->Get("a"), Code::kNotFound, "was dropped");
  CAIRN_EXPECT_ERROR(notes->Upsert({&input, 1}), Code::kNotFound, "was dropped");
  EXPECT_EQ(*other->Count(), 1u);
  // A collection of the same name starts empty.
  notes = Must(db->CreateCollection("notes", {}));
  EXPECT_EQ(*notes->Count(), 0u);
  EXPECT_TRUE(Must(notes->Search(test::TextQuery("words"))).results.empty());
}

TEST(DatabaseTest, EverythingIsThereAfterReopening) {
  TempDir dir;
  {
    auto db = OpenAt(dir / "db");
    auto notes = Must(db->CreateCollection("notes", test::WithVectors(2)));
    float vector[] = {1, 0};
    auto input = Note("a", "Title", "body words");
    input.vectors = vector;
    input.vector_count = 1;
    input.dim = 2;
    CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
  }
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->OpenCollection("notes", nullptr));
  EXPECT_EQ(*notes->Count(), 1u);
  EXPECT_EQ(Must(notes->Get("a")).vectors, (std::vector<float>{1, 0}));
  float query[] = {0.5, 0.5};
  auto hits = Must(notes->SearchVectors(query, 2, 5, ""));
  ASSERT_EQ(hits[0].size(), 1u);
  EXPECT_NEAR(hits[0][0].score, 0.70710678, 1e-6);
  EXPECT_EQ(*notes->IdOf(hits[0][0].doc), "a");
}

TEST(DatabaseTest, ReadOnlyNeverWritesAndFollowsOnRefresh) {
  TempDir dir;
  auto writer = OpenAt(dir / "db");
  auto notes = Must(writer->CreateCollection("notes", {}));
  auto input = Note("a", "", "first words");
  CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
  auto reader = OpenAt(dir / "db", /*read_only=*/true);
  auto view = Must(reader->OpenCollection("notes", nullptr));
  CAIRN_EXPECT_ERROR(view->Upsert({&input, 1}), Code::kFailedPrecondition, "read-only");
  CAIRN_EXPECT_ERROR(view->Delete("a"), Code::kFailedPrecondition, "read-only");
  CAIRN_EXPECT_ERROR(reader->CreateCollection("x", {}), Code::kFailedPrecondition, "read-only");
  input = Note("b", "", "second words");
  CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
  EXPECT_EQ(*view->Count(), 1u);
  CAIRN_EXPECT_OK(reader->Refresh());
  EXPECT_EQ(*view->Count(), 2u);
  EXPECT_EQ(Must(view->Search(test::TextQuery("second"))).results.size(), 1u);
}

TEST(DatabaseTest, ClosedMeansClosed) {
  TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  CAIRN_EXPECT_OK(db->Close());
  CAIRN_EXPECT_OK(db->Close());
  CAIRN_EXPECT_ERROR(notes->Count(), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(notes->Search(test::TextQuery("x")), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(db->Stats(), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(db->CollectionNames(), Code::kFailedPrecondition, "closed");
  auto again = OpenAt(dir / "db");
  EXPECT_EQ(again->CollectionNames()->size(), 1u);
}

TEST(DatabaseTest, SecondWriterIsToldWhoHoldsTheLock) {
  TempDir dir;
  auto db = OpenAt(dir / "db");
  DatabaseOptions options;
  options.path = dir / "db";
  CAIRN_EXPECT_ERROR(Database::Open(options), Code::kLocked, std::to_string(getpid()));
}

TEST(DatabaseTest, CollectionsOutliveTheDatabaseHandle) {
  TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  db.reset();
  auto input = Note("a", "", "words");
  CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
  EXPECT_EQ(*notes->Count(), 1u);
}

TEST(DatabaseTest, OptionsMustAgreeOnOpening) {
  TempDir dir;
  auto db = OpenAt(dir / "db");
  Must(db->CreateCollection("v", test::WithVectors(3)));
  auto wrong = test::WithVectors(4);
  CAIRN_EXPECT_ERROR(db->OpenCollection("v", &wrong), Code::kFailedPrecondition,
                     "another dimension");
  auto right = test::WithVectors(3);
  CAIRN_EXPECT_OK(db->OpenCollection("v", &right));
}

}  // namespace
}  // namespace cairn::db
