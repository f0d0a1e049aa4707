// Real folders of notes, indexed whole.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "integration/real_data.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::OpenAt;

class FolderTest : public ::testing::TestWithParam<const char*> {};

TEST_P(FolderTest, IndexesWithoutAFailureAndASecondRunDoesNothing) {
  std::string folder = cairn::test::RealData(GetParam());
  if (folder.empty()) GTEST_SKIP() << "real data set " << GetParam() << " is absent";
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  IndexOutcome first;
  CAIRN_ASSERT_OK(notes->IndexFolder(folder, {}, &first));
  for (const auto& failed : first.report.failed) {
    ADD_FAILURE() << failed.path << ": " << failed.reason;
  }
  EXPECT_GT(first.report.added, 50u);
  EXPECT_EQ(*notes->Count(), first.report.added);
  CollectionStats stats = Must(notes->Stats());
  EXPECT_EQ(stats.embedder_generation, 1u);
  EXPECT_GE(stats.vector_count * 100, stats.chunk_count * 95);
  IndexOutcome second;
  CAIRN_ASSERT_OK(notes->IndexFolder(folder, {}, &second));
  EXPECT_EQ(second.report.unchanged, first.report.added);
  EXPECT_EQ(second.embedded_count, 0u);
  EXPECT_LT(second.report.seconds, first.report.seconds / 10);
  std::printf("%s: %llu files, %llu chunks, %.2f s, again %.3f s\n", GetParam(),
              static_cast<unsigned long long>(first.report.added),
              static_cast<unsigned long long>(first.report.chunks), first.report.seconds,
              second.report.seconds);
}

INSTANTIATE_TEST_SUITE_P(RealFolders, FolderTest,
                         ::testing::Values("md-hugodocs", "md-temoa-vault",
                                           "md-windows-driver-ddi-sample", "md-nikiv-knowledge"));

TEST(TemoaVaultTest, ItsTestQueriesFindTheirNotes) {
  std::string vault = cairn::test::RealData("md-temoa-vault/test-vault");
  if (vault.empty()) GTEST_SKIP() << "real data set md-temoa-vault is absent";
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  IndexOutcome outcome;
  CAIRN_ASSERT_OK(notes->IndexFolder(vault, {}, &outcome));
  std::ifstream file(vault + "/test_queries.json");
  std::ostringstream bytes;
  bytes << file.rdbuf();
  auto queries = Must(json::Parse(bytes.str(), "test_queries.json"));
  for (const json::value& entry : queries.as_object().at("queries").as_array()) {
    const json::object& object = entry.as_object();
    std::vector<std::string> expected;
    if (const json::value* one = object.if_contains("expected_match")) {
      expected.emplace_back(one->as_string());
    }
    if (const json::value* many = object.if_contains("expected_matches")) {
      for (const json::value& id : many->as_array()) expected.emplace_back(id.as_string());
    }
    ASSERT_FALSE(expected.empty());
    std::string text(object.at("query").as_string());
    query::SearchRequest request;
    request.text = text;
    auto ids = test::Ids(Must(notes->Search(request)));
    for (const std::string& id : expected) {
      EXPECT_NE(std::find(ids.begin(), ids.end(), id), ids.end())
          << "\"" << text << "\" does not find " << id << " on its first page";
    }
  }
}

}  // namespace
}  // namespace cairn::db
