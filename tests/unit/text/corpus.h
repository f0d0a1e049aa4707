#pragma once

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "storage/store.h"
#include "support/fake_store.h"
#include "support/matchers.h"
#include "text/text_index.h"

namespace cairn::test {

inline constexpr CollectionId kCollection{7};

inline std::shared_ptr<const analysis::Analyzer> EnglishAnalyzer() {
  return analysis::Analyzer::Create({}).value();
}

struct Doc {
  std::string title;
  std::vector<std::string> tags;
  std::string description;
  std::vector<std::string> chunks;

  text::TextDocument View() const { return {title, tags, description, chunks}; }
};

/// The scoring formula of text_index.h again, straight from the texts: nothing is shared with the
/// index but the analyzer.
class Reference {
 public:
  explicit Reference(text::Bm25Options options = {}) : options_(options) {}

  void Add(DocNo doc, const Doc& content) {
    Counted counted;
    Count(content.title, options_.title_weight, &counted);
    for (const auto& tag : content.tags) Count(tag, options_.tags_weight, &counted);
    Count(content.description, options_.description_weight, &counted);
    for (const auto& chunk : content.chunks) Count(chunk, options_.body_weight, &counted);
    if (!counted.frequency.empty()) docs_[doc] = std::move(counted);
  }
  void Remove(DocNo doc) { docs_.erase(doc); }

  /// Scores of the documents that match. Of the forms of one word the best counts.
  std::map<DocNo, double> Scores(std::string_view query) const {
    std::vector<analysis::Token> tokens;
    analyzer_->Analyze(query, &tokens);
    double total = 0;
    for (const auto& [doc, counted] : docs_) total += counted.length;
    std::vector<double> idfs;
    for (const auto& token : tokens) idfs.push_back(Idf(token.term));
    std::map<DocNo, double> scores;
    for (const auto& [doc, counted] : docs_) {
      const double relative = counted.length * static_cast<double>(docs_.size()) / total;
      std::map<uint32_t, double> by_word;
      for (size_t i = 0; i < tokens.size(); ++i) {
        const auto& token = tokens[i];
        const double score = idfs[i] * Saturated(token.term, counted, relative);
        if (score > 0) by_word[token.position] = std::max(by_word[token.position], score);
      }
      for (const auto& [word, score] : by_word) scores[doc] += score;
    }
    return scores;
  }

  text::TextStatistics Statistics() const {
    text::TextStatistics statistics;
    for (const auto& [doc, counted] : docs_) {
      ++statistics.document_count;
      statistics.total_length += counted.length;
    }
    return statistics;
  }

  std::set<std::pair<std::string, uint64_t>> Postings() const {
    std::set<std::pair<std::string, uint64_t>> postings;
    for (const auto& [doc, counted] : docs_) {
      for (const auto& [term, frequency] : counted.frequency) postings.emplace(term, ToInt(doc));
    }
    return postings;
  }

 private:
  struct Counted {
    double length = 0;
    std::map<std::string, double> frequency;
  };

  void Count(std::string_view text, double weight, Counted* counted) const {
    std::vector<analysis::Token> tokens;
    analyzer_->Analyze(text, &tokens);
    for (const auto& token : tokens) {
      if (token.counts) counted->length += weight;
      counted->frequency[token.term] += weight;
    }
  }

  double Idf(const std::string& term) const {
    double holders = 0;
    for (const auto& [doc, counted] : docs_) holders += counted.frequency.count(term) > 0 ? 1 : 0;
    const auto documents = static_cast<double>(docs_.size());
    return std::log(1 + (documents - holders + 0.5) / (holders + 0.5));
  }

  double Saturated(const std::string& term, const Counted& counted, double relative) const {
    const auto found = counted.frequency.find(term);
    if (found == counted.frequency.end()) return 0;
    const double f = found->second;
    const double k1 = options_.k1;
    const double b = options_.b;
    return f / (f + k1 * (1 - b + b * relative));
  }

  text::Bm25Options options_;
  std::shared_ptr<const analysis::Analyzer> analyzer_ = EnglishAnalyzer();
  std::map<DocNo, Counted> docs_;
};

/// A TextIndex on a FakeStore, and beside it the reference for the same documents.
class IndexTest : public ::testing::Test {
 protected:
  void UseOptions(const text::Bm25Options& options) {
    index_ = std::make_unique<text::TextIndex>(&store_, kCollection, EnglishAnalyzer(), options);
    reference_ = Reference(options);
  }

  void Put(uint64_t doc, const Doc& content, std::optional<uint64_t> remove = std::nullopt) {
    storage::Batch batch;
    std::optional<DocNo> old;
    if (remove.has_value()) old = DocNo(*remove);
    CAIRN_ASSERT_OK(index_->Apply(&batch, old, DocNo(doc), content.View()));
    CAIRN_ASSERT_OK(store_.Commit(batch, storage::Durability::kAsync));
    if (old.has_value()) reference_.Remove(*old);
    reference_.Add(DocNo(doc), content);
  }
  void PutBody(uint64_t doc, std::string body) { Put(doc, {"", {}, "", {std::move(body)}}); }

  void Remove(uint64_t doc) {
    storage::Batch batch;
    CAIRN_ASSERT_OK(index_->Remove(&batch, DocNo(doc)));
    CAIRN_ASSERT_OK(store_.Commit(batch, storage::Durability::kAsync));
    reference_.Remove(DocNo(doc));
  }

  text::TextResult Search(std::string_view query, size_t k = 1000,
                          const Bitmap* filter = nullptr) const {
    auto result = index_->Search(query, k, filter, store_.TakeSnapshot());
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : text::TextResult();
  }

  std::vector<uint64_t> Docs(std::string_view query, size_t k = 1000,
                             const Bitmap* filter = nullptr) const {
    std::vector<uint64_t> docs;
    for (const text::TextHit& hit : Search(query, k, filter).hits) docs.push_back(ToInt(hit.doc));
    return docs;
  }

  /// Every score as the reference has it, every match there, and the promised order.
  void ExpectAsReference(std::string_view query) const {
    const std::map<DocNo, double> expected = reference_.Scores(query);
    const text::TextResult result = Search(query, 100000);
    ASSERT_EQ(result.hits.size(), expected.size()) << query;
    EXPECT_EQ(result.total, expected.size());
    for (size_t i = 0; i < result.hits.size(); ++i) {
      const text::TextHit& hit = result.hits[i];
      const auto found = expected.find(hit.doc);
      ASSERT_NE(found, expected.end()) << query << ": document " << ToInt(hit.doc);
      EXPECT_NEAR(hit.score, found->second, 1e-5) << query << ": document " << ToInt(hit.doc);
      if (i == 0) continue;
      const text::TextHit& before = result.hits[i - 1];
      EXPECT_TRUE(before.score > hit.score || (before.score == hit.score && before.doc < hit.doc));
    }
  }

  /// No posting, forward entry or count that a fresh index of the same documents would not have.
  void ExpectAsRebuilt();

  FakeStore store_;
  std::unique_ptr<text::TextIndex> index_ = std::make_unique<text::TextIndex>(
      &store_, kCollection, EnglishAnalyzer(), text::Bm25Options{});
  Reference reference_;
};

inline void IndexTest::ExpectAsRebuilt() {
  const auto expected = reference_.Postings();
  std::set<std::pair<std::string, uint64_t>> postings;
  std::set<uint64_t> docs;
  for (const auto& [key, value] : store_.family(storage::Family::kPostings)) {
    const std::string_view body = std::string_view(key).substr(4);  // after the collection
    uint64_t doc = 0;
    for (const char byte : body.substr(body.size() - 8)) {
      doc = doc << 8 | static_cast<unsigned char>(byte);
    }
    docs.insert(doc);
    postings.emplace(std::string(body.substr(0, body.size() - 9)), doc);
  }
  EXPECT_EQ(postings, expected);
  size_t lists = 0;
  for (const auto& [key, value] : store_.family(storage::Family::kTerms)) {
    if (key.size() == 12) ++lists;
  }
  EXPECT_EQ(lists, docs.size());
  auto statistics = index_->Statistics(nullptr);
  CAIRN_ASSERT_OK(statistics);
  const text::TextStatistics counted = reference_.Statistics();
  EXPECT_EQ(statistics->document_count, counted.document_count);
  EXPECT_NEAR(statistics->total_length, counted.total_length, 1e-6 * (1 + counted.total_length));
}

}  // namespace cairn::test
