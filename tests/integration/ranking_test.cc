// Ranking quality on collections with judgements: hybrid search with the builtin embedder must be
// better than text search on the mean, and lose no more than 0.02 nDCG@10 anywhere.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "base/json.h"
#include "integration/real_data.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::OpenAt;

using Judgements = std::map<std::string, std::map<std::string, int>>;

std::vector<json::object> ReadLines(const std::string& path) {
  std::vector<json::object> objects;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) objects.push_back(Must(json::ParseObject(line, path)));
  }
  return objects;
}

Judgements ReadJudgements(const std::string& path, bool binary) {
  Judgements judgements;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string query;
    std::string document;
    int grade = 0;
    fields >> query >> document >> grade;
    if (grade > 0) judgements[query][document] = binary ? 1 : grade;
  }
  return judgements;
}

double Ndcg10(const std::vector<std::string>& ranked, const std::map<std::string, int>& grades) {
  double gain = 0;
  for (size_t i = 0; i < ranked.size() && i < 10; ++i) {
    auto it = grades.find(ranked[i]);
    if (it != grades.end()) gain += it->second / std::log2(static_cast<double>(i) + 2);
  }
  std::vector<int> ideal;
  for (const auto& [id, grade] : grades) ideal.push_back(grade);
  std::sort(ideal.rbegin(), ideal.rend());
  double best = 0;
  for (size_t i = 0; i < ideal.size() && i < 10; ++i) {
    best += ideal[i] / std::log2(static_cast<double>(i) + 2);
  }
  return gain / best;
}

std::string Text(const json::object& object, const char* key) {
  return std::string(object.at(key).as_string());
}

void Fill(Collection& notes, const std::string& corpus) {
  std::vector<std::array<std::string, 3>> documents;
  for (const json::object& line : ReadLines(corpus)) {
    documents.push_back({Text(line, "_id"), Text(line, "title"), Text(line, "text")});
  }
  std::vector<DocumentInput> inputs;
  for (const auto& [id, title, text] : documents) inputs.push_back(test::Note(id, title, text));
  CAIRN_ASSERT_OK(notes.Upsert(inputs));
}

double MeanNdcg(const Collection& notes, const std::vector<json::object>& queries,
                const Judgements& judgements, query::Mode mode) {
  double sum = 0;
  size_t count = 0;
  for (const json::object& line : queries) {
    auto grades = judgements.find(Text(line, "_id"));
    if (grades == judgements.end()) continue;
    std::string text = Text(line, "text");
    query::SearchRequest request;
    request.text = text;
    request.mode = mode;
    request.snippet_chars = 0;
    sum += Ndcg10(test::Ids(Must(notes.Search(request))), grades->second);
    ++count;
  }
  return sum / static_cast<double>(count);
}

TEST(RankingTest, HybridBeatsTextOnTheMeanAndNowhereLosesMuch) {
  double text_sum = 0;
  double hybrid_sum = 0;
  for (const char* name : {"ir-npl", "ir-cran", "ir-cacm"}) {
    std::string folder = cairn::test::RealData(name);
    if (folder.empty()) GTEST_SKIP() << "real data set " << name << " is absent";
    test::TempDir dir;
    auto db = OpenAt(dir / "db");
    auto notes = Must(db->CreateCollection("notes", {}));
    Fill(*notes, folder + "/corpus.jsonl");
    CAIRN_ASSERT_OK(db->WaitIdle(-1));
    CAIRN_ASSERT_OK(notes->Train());
    auto queries = ReadLines(folder + "/queries.jsonl");
    auto judgements = ReadJudgements(folder + "/qrels.tsv", std::string_view(name) == "ir-cran");
    double text = MeanNdcg(*notes, queries, judgements, query::Mode::kText);
    double hybrid = MeanNdcg(*notes, queries, judgements, query::Mode::kHybrid);
    std::printf("%s: nDCG@10 text %.4f, hybrid %.4f\n", name, text, hybrid);
    EXPECT_GT(text, 0.3) << name;
    EXPECT_GE(hybrid, text - 0.02) << name;
    text_sum += text;
    hybrid_sum += hybrid;
  }
  EXPECT_GT(hybrid_sum, text_sum);
}

}  // namespace
}  // namespace cairn::db
