// The sample vault: the notes that must come in the first three do.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::OpenAt;

query::Mode ModeOf(std::string_view name) {
  for (query::Mode mode : {query::Mode::kText, query::Mode::kVector, query::Mode::kHybrid}) {
    if (query::ModeName(mode) == name) return mode;
  }
  ADD_FAILURE() << "unknown mode " << name;
  return query::Mode::kAuto;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(VaultTest, ExpectedNotesComeInTheFirstThree) {
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  IndexOutcome outcome;
  CAIRN_ASSERT_OK(notes->IndexFolder(CAIRN_TEST_DATA "/vault", {}, &outcome));
  EXPECT_GE(outcome.report.added, 40u);
  EXPECT_TRUE(outcome.report.failed.empty());
  EXPECT_EQ(Must(notes->Stats()).embedder_generation, 1u);
  auto queries = Must(json::Parse(ReadFile(CAIRN_TEST_DATA "/vault_queries.json"), "queries"));
  ASSERT_GE(queries.as_array().size(), 30u);
  for (const json::value& entry : queries.as_array()) {
    const json::object& object = entry.as_object();
    std::string text(object.at("query").as_string());
    query::SearchRequest request;
    request.text = text;
    request.mode = ModeOf(std::string_view(object.at("mode").as_string()));
    request.limit = 3;
    request.include_inactive = object.contains("include_inactive");
    auto response = Must(notes->Search(request));
    EXPECT_EQ(response.degraded, "") << text;
    auto ids = test::Ids(response);
    for (const json::value& expected : object.at("expect").as_array()) {
      std::string id(expected.as_string());
      EXPECT_NE(std::find(ids.begin(), ids.end(), id), ids.end())
          << "\"" << text << "\" does not find " << id;
    }
  }
}

TEST(VaultTest, AnUnchangedSecondRunTouchesNothing) {
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  IndexOutcome first;
  CAIRN_ASSERT_OK(notes->IndexFolder(CAIRN_TEST_DATA "/vault", {}, &first));
  EXPECT_GT(first.embedded_count, 0u);
  uint64_t sequence = Must(db->Stats()).sequence;
  IndexOutcome second;
  CAIRN_ASSERT_OK(notes->IndexFolder(CAIRN_TEST_DATA "/vault", {}, &second));
  EXPECT_EQ(second.report.unchanged, first.report.added);
  EXPECT_EQ(second.report.added + second.report.changed + second.report.deleted, 0u);
  EXPECT_EQ(second.embedded_count, 0u);
  EXPECT_EQ(Must(db->Stats()).sequence, sequence);
}

}  // namespace
}  // namespace cairn::db
