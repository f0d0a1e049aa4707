#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/json.h"
#include "corpus.h"

namespace cairn::text {
namespace {

std::string DataDir() {
  const char* set = std::getenv("CAIRN_DATA");
  return set != nullptr ? set : CAIRN_DATA_DEFAULT;
}

std::vector<json::object> ReadLines(const std::string& path) {
  std::vector<json::object> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    auto row = json::ParseObject(line, path);
    EXPECT_TRUE(row.ok()) << row.status();
    if (row.ok()) rows.push_back(*std::move(row));
  }
  return rows;
}

std::string Field(const json::object& row, std::string_view name) {
  const auto* value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

class CranfieldTest : public test::IndexTest {
 protected:
  void SetUp() override {
    const std::string folder = DataDir() + "/ir-cran/";
    if (!std::ifstream(folder + "corpus.jsonl").good()) {
      GTEST_SKIP() << "no collection at " << folder;
    }
    for (const json::object& row : ReadLines(folder + "corpus.jsonl")) {
      Put(std::stoull(Field(row, "_id")), {Field(row, "title"), {}, "", {Field(row, "text")}});
    }
    queries_ = ReadLines(folder + "queries.jsonl");
    std::ifstream judgements(folder + "qrels.tsv");
    std::string header;
    std::getline(judgements, header);
    std::string query;
    uint64_t doc = 0;
    int grade = 0;
    while (judgements >> query >> doc >> grade) {
      if (grade > 0) relevant_[query].insert(doc);
    }
  }

  double AveragePrecision(const std::set<uint64_t>& relevant, std::string_view query) const {
    double found = 0;
    double sum = 0;
    double rank = 0;
    for (const uint64_t doc : Docs(query)) {
      ++rank;
      if (relevant.count(doc) == 0) continue;
      ++found;
      sum += found / rank;
    }
    return sum / static_cast<double>(relevant.size());
  }

  std::vector<json::object> queries_;
  std::map<std::string, std::set<uint64_t>> relevant_;
};

TEST_F(CranfieldTest, ScoresAreThoseOfTheFormula) {
  ExpectAsRebuilt();
  for (size_t i = 0; i < queries_.size(); i += 16) ExpectAsReference(Field(queries_[i], "text"));
}

TEST_F(CranfieldTest, RankingIsAsGoodAsPublished) {
  double sum = 0;
  for (const json::object& query : queries_) {
    sum += AveragePrecision(relevant_[Field(query, "_id")], Field(query, "text"));
  }
  const double map = sum / static_cast<double>(queries_.size());
  RecordProperty("mean_average_precision", std::to_string(map));
  EXPECT_GE(map, 0.30);
  EXPECT_LE(map, 0.50);
}

}  // namespace
}  // namespace cairn::text
