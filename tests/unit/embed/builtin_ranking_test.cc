#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "base/json.h"
#include "embed/builtin.h"
#include "support/fake_store.h"
#include "support/matchers.h"

namespace cairn::embed {
namespace {

constexpr size_t kDepth = 200;

/// A retrieval collection with binary judgements; queries without any are left out.
struct Collection {
  std::vector<std::string> documents;
  std::vector<std::string> queries;
  std::vector<std::set<size_t>> relevant;  // by query
};

std::string DataFolder() {
  const char* chosen = std::getenv("CAIRN_DATA");
  return chosen != nullptr ? chosen : CAIRN_DATA_DEFAULT;
}

template <typename Visit>
void ForEachJsonLine(const std::string& path, const Visit& visit) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    auto record = json::ParseObject(line, path);
    CAIRN_ASSERT_OK(record);
    visit(*record);
  }
}

std::string Field(const json::object& record, std::string_view name) {
  return std::string(record.at(name).as_string());
}

Collection Load(const std::string& folder) {
  Collection out;
  std::unordered_map<std::string, size_t> numbers;
  ForEachJsonLine(folder + "/corpus.jsonl", [&](const json::object& record) {
    numbers[Field(record, "_id")] = out.documents.size();
    out.documents.push_back(Field(record, "title") + "\n" + Field(record, "text"));
  });
  std::map<std::string, std::set<size_t>> judgements;
  std::ifstream in(folder + "/qrels.tsv");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string query;
    std::string document;
    int grade = 0;
    fields >> query >> document >> grade;
    auto it = numbers.find(document);
    if (grade > 0 && it != numbers.end()) judgements[query].insert(it->second);
  }
  ForEachJsonLine(folder + "/queries.jsonl", [&](const json::object& record) {
    auto it = judgements.find(Field(record, "_id"));
    if (it == judgements.end()) return;
    out.queries.push_back(Field(record, "text"));
    out.relevant.push_back(it->second);
  });
  return out;
}

/// Score and document, the best first, ties by document.
using Ranking = std::vector<std::pair<double, size_t>>;

Ranking Best(Ranking all, size_t count) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  all.resize(std::min(all.size(), count));
  return all;
}

/// BM25 by scoring every posting: k1 1.2, b 0.75, idf ln(1 + (N - n + 0.5) / (n + 0.5)).
class BruteForceBm25 {
 public:
  BruteForceBm25(const analysis::Analyzer& analyzer, const std::vector<std::string>& documents)
      : analyzer_(analyzer), lengths_(documents.size()) {
    std::vector<analysis::Token> tokens;
    for (size_t d = 0; d < documents.size(); ++d) {
      analyzer_.Analyze(documents[d], &tokens);
      for (const analysis::Token& token : tokens) {
        ++postings_[token.term][d];
        if (token.counts) ++lengths_[d];
      }
      total_ += lengths_[d];
    }
  }

  Ranking Search(const std::string& query) const {
    std::vector<analysis::Token> tokens;
    analyzer_.Analyze(query, &tokens);
    const auto count = static_cast<double>(lengths_.size());
    std::map<size_t, double> scores;
    for (const analysis::Token& token : tokens) {
      auto it = postings_.find(token.term);
      if (!token.counts || it == postings_.end()) continue;
      const auto n = static_cast<double>(it->second.size());
      const double idf = std::log(1 + (count - n + 0.5) / (n + 0.5));
      for (const auto& [document, frequency] : it->second) {
        const double length = lengths_[document] / (total_ / count);
        scores[document] += idf * frequency / (frequency + 1.2 * (0.25 + 0.75 * length));
      }
    }
    Ranking all;
    for (const auto& [document, score] : scores) all.emplace_back(score, document);
    return Best(std::move(all), kDepth);
  }

 private:
  const analysis::Analyzer& analyzer_;
  std::vector<double> lengths_;
  double total_ = 0;
  std::unordered_map<std::string, std::map<size_t, double>> postings_;
};

Ranking Nearest(const float* query, const std::vector<float>& vectors, size_t dim) {
  Ranking all;
  for (size_t d = 0; d * dim < vectors.size(); ++d) {
    double dot = 0;
    for (size_t i = 0; i < dim; ++i) dot += query[i] * vectors[d * dim + i];
    all.emplace_back(dot, d);
  }
  return Best(std::move(all), kDepth);
}

/// Both lists scaled to [0, 1] by their own range, missing counts 0.
Ranking Fuse(const Ranking& lexical, const Ranking& dense, double lexical_weight) {
  std::map<size_t, double> scores;
  auto add = [&](const Ranking& list, double weight) {
    if (list.empty()) return;
    const double low = list.back().first;
    const double range = list.front().first - low;
    for (const auto& [score, document] : list) {
      scores[document] += weight * (range > 0 ? (score - low) / range : 1);
    }
  };
  add(lexical, lexical_weight);
  add(dense, 1 - lexical_weight);
  Ranking all;
  for (const auto& [document, score] : scores) all.emplace_back(score, document);
  return Best(std::move(all), kDepth);
}

double Ndcg10(const Ranking& ranking, const std::set<size_t>& relevant) {
  double gain = 0;
  double best = 0;
  for (size_t i = 0; i < 10; ++i) {
    const double discount = 1 / std::log2(static_cast<double>(i) + 2);
    if (i < relevant.size()) best += discount;
    if (i < ranking.size() && relevant.contains(ranking[i].second)) gain += discount;
  }
  return gain / best;
}

struct Scores {
  double bm25 = 0;
  double dense = 0;
  double fused = 0;
};

class BuiltinRankingTest : public ::testing::Test {
 protected:
  /// Mean nDCG@10 over the queries of a collection.
  Scores Measure(const std::string& name) {
    const Collection data = Load(DataFolder() + "/" + name);
    auto analyzer = analysis::Analyzer::Create({});
    test::FakeStore store;
    const BuiltinOptions options;
    const ChunkSource source = [&](const auto& consumer) {
      for (const std::string& document : data.documents) {
        if (!consumer(document)) break;
      }
      return OkStatus();
    };
    auto report =
        TrainBuiltin(&store, CollectionId{1}, 1, **analyzer, source, options, nullptr, {});
    CAIRN_EXPECT_OK(report);
    auto embedder = OpenBuiltin(&store, CollectionId{1}, 1, *analyzer, options);
    CAIRN_EXPECT_OK(embedder);
    if (!report.ok() || !embedder.ok()) return {};
    const std::vector<float> documents = Embed(**embedder, data.documents);
    const std::vector<float> queries = Embed(**embedder, data.queries);
    const BruteForceBm25 bm25(**analyzer, data.documents);
    const size_t dim = (*embedder)->dim();
    Scores sum;
    for (size_t q = 0; q < data.queries.size(); ++q) {
      const Ranking lexical = bm25.Search(data.queries[q]);
      const Ranking dense = Nearest(queries.data() + q * dim, documents, dim);
      sum.bm25 += Ndcg10(lexical, data.relevant[q]);
      sum.dense += Ndcg10(dense, data.relevant[q]);
      sum.fused += Ndcg10(Fuse(lexical, dense, 0.6), data.relevant[q]);
    }
    const auto count = static_cast<double>(data.queries.size());
    const Scores mean{sum.bm25 / count, sum.dense / count, sum.fused / count};
    RecordProperty(name, StrCat(mean.bm25, " ", mean.dense, " ", mean.fused));
    return mean;
  }

  static std::vector<float> Embed(Embedder& embedder, const std::vector<std::string>& texts) {
    std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<float> out(texts.size() * embedder.dim());
    CAIRN_EXPECT_OK(embedder.Embed(views, Purpose::kDocument, out.data()));
    return out;
  }
};

TEST_F(BuiltinRankingTest, FusionWithBm25BeatsBm25) {
  const std::vector<std::string> names{"ir-cran", "ir-cacm", "ir-npl"};
  Scores sum;
  for (const std::string& name : names) {
    if (!std::filesystem::exists(DataFolder() + "/" + name)) {
      GTEST_SKIP() << "needs " << name << " in the data folder (CAIRN_DATA)";
    }
    const Scores scores = Measure(name);
    EXPECT_GT(scores.fused, scores.bm25 - 0.02) << name;
    EXPECT_GT(scores.dense, 0.33) << name;
    sum.bm25 += scores.bm25;
    sum.dense += scores.dense;
    sum.fused += scores.fused;
  }
  const auto count = static_cast<double>(names.size());
  EXPECT_GT(sum.fused / count, sum.bm25 / count + 0.005);
  EXPECT_GT(sum.bm25 / count, 0.40) << "the lexical side must be a fair opponent";
}

}  // namespace
}  // namespace cairn::embed
