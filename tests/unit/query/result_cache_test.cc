#include "query/result_cache.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "support/matchers.h"

namespace cairn::query {
namespace {

SearchResponse SomeResponse() {
  SearchResponse response;
  response.query = std::string("a \0 query", 9);
  response.mode = Mode::kHybrid;
  response.total = 1'000'000'000'000;
  response.has_more = true;
  response.degraded = "why";
  response.searched_vectors = true;
  response.target_recall = 0.97f;
  response.work.mode = vector::SearchWork::Mode::kFilteredGraph;
  response.work.codes_scored = 11;
  response.work.ef = 40;
  SearchResult result;
  result.id = "id";
  result.title = "title";
  result.path = "a/b.md";
  result.tags = {"one", "", "three"};
  result.type = "note";
  result.status = "active";
  result.metadata_json = "{}";
  result.score = 1.0 / 3;
  result.text_score = -0.0;
  result.vector_score = 1e-300;
  result.matched_chunks = 3;
  result.has_chunk = true;
  result.chunk_ordinal = 4;
  result.chunk_begin = 5'000'000'000;
  result.chunk_end = 6'000'000'000;
  result.chunk_line = 7;
  result.heading_path = "H > I";
  result.snippet = {"some text", {{0, 4}, {5, 9}}};
  response.results = {result, SearchResult()};
  return response;
}

void ExpectEqual(const SearchResult& a, const SearchResult& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.metadata_json, b.metadata_json);
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.text_score, b.text_score);
  EXPECT_EQ(a.vector_score, b.vector_score);
  EXPECT_EQ(a.matched_chunks, b.matched_chunks);
  EXPECT_EQ(a.has_chunk, b.has_chunk);
  EXPECT_EQ(a.chunk_ordinal, b.chunk_ordinal);
  EXPECT_EQ(a.chunk_begin, b.chunk_begin);
  EXPECT_EQ(a.chunk_end, b.chunk_end);
  EXPECT_EQ(a.chunk_line, b.chunk_line);
  EXPECT_EQ(a.heading_path, b.heading_path);
  EXPECT_EQ(a.snippet.text, b.snippet.text);
  ASSERT_EQ(a.snippet.highlights.size(), b.snippet.highlights.size());
  for (size_t i = 0; i < a.snippet.highlights.size(); ++i) {
    EXPECT_EQ(a.snippet.highlights[i].begin, b.snippet.highlights[i].begin);
    EXPECT_EQ(a.snippet.highlights[i].end, b.snippet.highlights[i].end);
  }
}

TEST(ResultCacheTest, BytesThatAreCutOffAreRefused) {
  const std::string bytes = EncodeResponse(SomeResponse());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeResponse(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeResponse(bytes + "x").ok());
}

TEST(ResultCacheTest, AnAnswerComesBackWhole) {
  const SearchResponse wanted = SomeResponse();
  auto got = DecodeResponse(EncodeResponse(wanted));
  CAIRN_ASSERT_OK(got);
  EXPECT_EQ(got->query, wanted.query);
  EXPECT_EQ(got->mode, wanted.mode);
  EXPECT_EQ(got->total, wanted.total);
  EXPECT_EQ(got->has_more, wanted.has_more);
  EXPECT_EQ(got->degraded, wanted.degraded);
  EXPECT_EQ(got->searched_vectors, wanted.searched_vectors);
  EXPECT_EQ(got->target_recall, wanted.target_recall);
  EXPECT_EQ(got->work.mode, wanted.work.mode);
  EXPECT_EQ(got->work.codes_scored, wanted.work.codes_scored);
  EXPECT_EQ(got->work.ef, wanted.work.ef);
  ASSERT_EQ(got->results.size(), wanted.results.size());
  for (size_t i = 0; i < wanted.results.size(); ++i) {
    ExpectEqual(got->results[i], wanted.results[i]);
  }
}

TEST(ResultCacheTest, EveryPartOfARequestMakesAnotherKey) {
  const std::vector<float> vector = {1, 2, 3};
  const std::vector<std::function<void(SearchRequest*)>> changes = {
      [](SearchRequest*) {},
      [](SearchRequest* r) { r->text = "other"; },
      [](SearchRequest* r) { r->mode = Mode::kText; },
      [](SearchRequest* r) { r->limit = 11; },
      [](SearchRequest* r) { r->offset = 10; },
      [](SearchRequest* r) { r->filter_json = "{}"; },
      [&](SearchRequest* r) { r->vector = vector; },
      [&](SearchRequest* r) { r->vector = std::span(vector).first(2); },
      [](SearchRequest* r) { r->include_inactive = true; },
      [](SearchRequest* r) { r->text_weight = 0.5f; },
      [](SearchRequest* r) { r->vector_weight = 0.5f; },
      [](SearchRequest* r) { r->min_score = 0.0f; },
      [](SearchRequest* r) { r->min_score = 0.5f; },
      [](SearchRequest* r) { r->snippet_chars = 0; },
      [](SearchRequest* r) { r->target_recall = 0.9f; },
      [](SearchRequest* r) { r->ef = 10; },
      [](SearchRequest* r) {  // the end of the text is not the beginning of the filter
        r->text = "quer";
        r->filter_json = "y";
      },
  };
  std::set<std::string> keys;
  for (const auto& change : changes) {
    SearchRequest request;
    request.text = "query";
    change(&request);
    EXPECT_TRUE(keys.insert(ResultCache::KeyOf(request, 1)).second) << keys.size();
    EXPECT_TRUE(keys.insert(ResultCache::KeyOf(request, 2)).second) << keys.size();
    EXPECT_FALSE(keys.insert(ResultCache::KeyOf(request, 2)).second) << keys.size();
  }
}

class ResultCacheStoreTest : public ::testing::Test {
 protected:
  ResultCacheStoreTest() {
    cache::CacheOptions options;
    options.max_bytes = 1 << 20;
    options.clock = &clock_;
    cache_ = std::move(cache::Cache::Create(std::move(options))).value();
    answers_ = std::make_unique<ResultCache>(cache_);
    space_ = answers_->OpenSpace("notes");
  }
  ManualClock clock_{1};
  std::shared_ptr<cache::Cache> cache_;
  std::unique_ptr<ResultCache> answers_;
  cache::Space* space_ = nullptr;
};

TEST_F(ResultCacheStoreTest, WhatMayGetBetterIsNotKept) {
  SearchResponse response = SomeResponse();
  response.repeatable = false;
  answers_->Keep(space_, "key", response);
  EXPECT_FALSE(answers_->Find(space_, "key").has_value());
}

TEST_F(ResultCacheStoreTest, NoResultsAreAnAnswer) {
  answers_->Keep(space_, "key", SearchResponse());
  auto found = answers_->Find(space_, "key");
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->results.empty());
  EXPECT_EQ(cache_->Stats().total.negative_hits, 1u);
}

TEST_F(ResultCacheStoreTest, AnswersAreForgottenInTimeAndWhenToldTo) {
  answers_->Keep(space_, "key", SomeResponse());
  clock_.Advance(kAnswerTtlNs - 1);
  EXPECT_TRUE(answers_->Find(space_, "key").has_value());
  clock_.Advance(1);
  EXPECT_FALSE(answers_->Find(space_, "key").has_value());
  answers_->Keep(space_, "key", SomeResponse());
  answers_->Forget(space_);
  EXPECT_FALSE(answers_->Find(space_, "key").has_value());
}

TEST_F(ResultCacheStoreTest, CollectionsShareNothing) {
  answers_->Keep(space_, "key", SomeResponse());
  EXPECT_FALSE(answers_->Find(answers_->OpenSpace("other"), "key").has_value());
  EXPECT_EQ(answers_->OpenSpace("notes"), space_);
}

}  // namespace
}  // namespace cairn::query
