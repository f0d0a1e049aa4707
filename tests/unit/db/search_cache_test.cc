// What a database remembers of searches and of embedded texts.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Ids;
using test::Must;
using test::Note;
using test::TextQuery;

using Strings = std::vector<std::string>;

class SearchCacheTest : public ::testing::Test {
 protected:
  SearchCacheTest() : db_(Open({})), notes_(Must(db_->CreateCollection("notes", {}))) {}

  std::unique_ptr<Database> Open(DatabaseOptions options) {
    options.path = dir_ / "db";
    options.durability = storage::Durability::kAsync;
    options.clock = &clock_;
    return Must(Database::Open(options));
  }

  void Put(std::string_view id, std::string_view body, std::string_view type = "") {
    auto input = Note(id, "", body);
    input.type = type;
    CAIRN_ASSERT_OK(notes_->Upsert({&input, 1}));
  }
  CacheUse Searches() { return Must(db_->Stats()).search_cache; }
  CacheUse Embeddings() { return Must(db_->Stats()).embedding_cache; }

  ManualClock clock_{1};
  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> notes_;
};

TEST_F(SearchCacheTest, BudgetsTooSmallAreRefusedTogether) {
  DatabaseOptions options;
  options.path = dir_ / "other";
  options.search_cache_bytes = 1;
  options.embedding_cache_bytes = 2;
  auto db = Database::Open(options);
  CAIRN_EXPECT_ERROR(db, Code::kInvalidArgument, "embedding_cache_bytes: max_bytes is 2");
  CAIRN_EXPECT_ERROR(db, Code::kInvalidArgument, "search_cache_bytes: max_bytes is 1");
}

TEST_F(SearchCacheTest, ErrorsAreNotRemembered) {
  auto request = TextQuery("dough");
  request.filter_json = "{";
  EXPECT_FALSE(notes_->Search(request).ok());
  EXPECT_FALSE(notes_->Search(request).ok());
  EXPECT_EQ(Searches().entries, 0u);
}

TEST_F(SearchCacheTest, ARepeatedSearchAnswersAsTheFirst) {
  Put("a", "dough and flour");
  Put("b", "dough in the oven");
  auto first = Must(notes_->Search(TextQuery("dough")));
  auto again = Must(notes_->Search(TextQuery("dough")));
  EXPECT_EQ(Ids(again), Ids(first));
  EXPECT_EQ(again.results[0].score, first.results[0].score);
  EXPECT_EQ(again.results[0].snippet.text, first.results[0].snippet.text);
  EXPECT_EQ(again.total, 2u);
  const CacheUse use = Searches();
  EXPECT_EQ(use.hits, 1u);
  EXPECT_EQ(use.misses, 1u);
  EXPECT_EQ(use.entries, 1u);
  EXPECT_DOUBLE_EQ(use.hit_ratio(), 0.5);
  EXPECT_LE(use.bytes, use.limit_bytes);
  EXPECT_NE(db_->Metrics().find("cairn_cache_hits_total{cache=\"searches\",namespace=\"notes\"} 1"),
            std::string::npos)
      << db_->Metrics();
}

TEST_F(SearchCacheTest, NothingFoundIsRememberedUntilSomethingIsWritten) {
  EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
  EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
  EXPECT_EQ(Searches().hits, 1u);
  Put("a", "dough");
  EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("dough")))), (Strings{"a"}));
}

TEST_F(SearchCacheTest, TheSameFilterWithAnotherThresholdIsAnotherSearch) {
  Put("a", "dough dough dough", "note");
  Put("b", "dough among many other words that say nothing of it at all", "note");
  auto request = TextQuery("dough");
  request.filter_json = R"({"type": "note"})";
  auto all = Must(notes_->Search(request));
  ASSERT_EQ(Ids(all), (Strings{"a", "b"}));
  request.min_score = static_cast<float>((all.results[0].score + all.results[1].score) / 2);
  EXPECT_EQ(Ids(Must(notes_->Search(request))), (Strings{"a"}));
  request.min_score.reset();
  EXPECT_EQ(Ids(Must(notes_->Search(request))), (Strings{"a", "b"}));
}

TEST_F(SearchCacheTest, WritesAreSeenAtOnceThroughEveryHandle) {
  auto other = Must(db_->OpenCollection("notes", nullptr));
  for (int round = 0; round < 3; ++round) {
    for (Collection* writer : {notes_.get(), other.get()}) {
      auto input = Note("a", "", "dough");
      CAIRN_ASSERT_OK(writer->Upsert({&input, 1}));
      EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("dough")))), (Strings{"a"}));
      EXPECT_EQ(Ids(Must(other->Search(TextQuery("dough")))), (Strings{"a"}));
      auto changed = Note("a", "", "oven");
      CAIRN_ASSERT_OK(writer->Upsert({&changed, 1}));
      EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
      EXPECT_TRUE(Ids(Must(other->Search(TextQuery("dough")))).empty());
      EXPECT_EQ(Ids(Must(other->Search(TextQuery("oven")))), (Strings{"a"}));
      CAIRN_ASSERT_OK(writer->Delete("a"));
      EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("oven")))).empty());
      EXPECT_TRUE(Ids(Must(other->Search(TextQuery("oven")))).empty());
    }
  }
  EXPECT_GT(Searches().hits, 0u);
}

TEST_F(SearchCacheTest, AnotherCollectionsWritesCostNothing) {
  Put("a", "dough");
  auto other = Must(db_->CreateCollection("other", {}));
  Must(notes_->Search(TextQuery("dough")));
  auto input = Note("b", "", "dough");
  CAIRN_ASSERT_OK(other->Upsert({&input, 1}));
  EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("dough")))), (Strings{"a"}));
  EXPECT_EQ(Searches().hits, 1u);
  EXPECT_EQ(Ids(Must(other->Search(TextQuery("dough")))), (Strings{"b"}));
}

TEST_F(SearchCacheTest, ACollectionMadeAnewKnowsNothingOfTheOldOne) {
  Put("a", "dough");
  Must(notes_->Search(TextQuery("dough")));
  CAIRN_ASSERT_OK(db_->DropCollection("notes"));
  CAIRN_EXPECT_ERROR(notes_->Search(TextQuery("dough")), Code::kNotFound, "dropped");
  notes_ = Must(db_->CreateCollection("notes", {}));
  EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
}

TEST_F(SearchCacheTest, AnIndexedFolderIsSeenAtOnce) {
  dir_.Write("folder/a.md", "dough\n");
  IndexOutcome outcome;
  EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
  CAIRN_ASSERT_OK(notes_->IndexFolder(dir_ / "folder", {}, &outcome));
  EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("dough")))), (Strings{"a.md"}));
  dir_.Write("folder/a.md", "oven, not the other thing\n");
  CAIRN_ASSERT_OK(notes_->IndexFolder(dir_ / "folder", {}, &outcome));
  EXPECT_TRUE(Ids(Must(notes_->Search(TextQuery("dough")))).empty());
}

TEST_F(SearchCacheTest, AReaderSeesWhatTheWriterDidAsSoonAsItRefreshes) {
  DatabaseOptions options;
  options.read_only = true;
  auto reader = Open(options);
  auto followed = Must(reader->OpenCollection("notes", nullptr));
  EXPECT_TRUE(Ids(Must(followed->Search(TextQuery("dough")))).empty());
  Put("a", "dough");
  EXPECT_TRUE(Ids(Must(followed->Search(TextQuery("dough")))).empty());
  CAIRN_ASSERT_OK(reader->Refresh());
  EXPECT_EQ(Ids(Must(followed->Search(TextQuery("dough")))), (Strings{"a"}));
  CAIRN_ASSERT_OK(reader->Refresh());
  Must(followed->Search(TextQuery("dough")));
  EXPECT_EQ(Must(reader->Stats()).search_cache.hits, 2u);
}

TEST_F(SearchCacheTest, AnswersLastFiveMinutes) {
  Put("a", "dough");
  Must(notes_->Search(TextQuery("dough")));
  clock_.Advance(300'000'000'000 - 1);
  Must(notes_->Search(TextQuery("dough")));
  EXPECT_EQ(Searches().hits, 1u);
  clock_.Advance(1);
  Must(notes_->Search(TextQuery("dough")));
  EXPECT_EQ(Searches().hits, 1u);
}

TEST_F(SearchCacheTest, OffMeansOff) {
  db_.reset();
  notes_.reset();
  DatabaseOptions options;
  options.search_cache_bytes = options.embedding_cache_bytes = 0;
  db_ = Open(options);
  notes_ = Must(db_->OpenCollection("notes", nullptr));
  Put("a", "dough");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ids(Must(notes_->Search(TextQuery("dough")))), (Strings{"a"}));
  }
  EXPECT_EQ(Searches().limit_bytes, 0u);
  EXPECT_EQ(Searches().hits + Searches().misses, 0u);
  EXPECT_EQ(db_->Metrics().find("cairn_cache"), std::string::npos);
}

TEST_F(SearchCacheTest, GenerationsOfTheBuiltinEmbedderAreNotMixed) {
  auto topics = test::TwoTopics(80);
  const auto put = [&](Collection& into) {
    std::vector<DocumentInput> inputs;
    for (const auto& [id, body] : topics) inputs.push_back(Note(id, "", body));
    CAIRN_ASSERT_OK(into.Upsert(inputs));
    CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  };
  put(*notes_);
  query::SearchRequest request;
  request.text = "dough yeast";
  request.mode = query::Mode::kVector;
  const auto before = Must(notes_->Search(request));
  const CacheUse first = Embeddings();
  EXPECT_EQ(Ids(Must(notes_->Search(request))), Ids(before));
  // Another collection with other texts, and then another generation: the query is embedded anew.
  auto other = Must(db_->CreateCollection("other", {}));
  for (auto& [id, body] : topics) body += id.back() % 2 == 0 ? "yeast comet" : "dough orbit";
  put(*other);
  const uint64_t hits = Embeddings().hits;
  Must(other->Search(request));
  EXPECT_EQ(Embeddings().hits, hits) << "the embedder of another collection answered";
  topics.resize(50);
  put(*notes_);
  CAIRN_ASSERT_OK(notes_->Train());
  const CacheUse trained = Embeddings();
  const auto after = Must(notes_->Search(request));
  EXPECT_EQ(Embeddings().hits, trained.hits) << "the vector of another generation was used";
  EXPECT_EQ(Embeddings().misses, trained.misses + 1);
  EXPECT_GT(first.entries, 0u);
  // As without any memory.
  db_.reset();
  notes_.reset();
  other.reset();
  DatabaseOptions options;
  options.search_cache_bytes = options.embedding_cache_bytes = 0;
  db_ = Open(options);
  notes_ = Must(db_->OpenCollection("notes", nullptr));
  EXPECT_EQ(Ids(Must(notes_->Search(request))), Ids(after));
}

struct Embedder {
  size_t texts = 0;
  bool fail = false;
  embed::HostCallback Callback() {
    return {[](const char* const*, const size_t* sizes, size_t count, int32_t, float* out,
               void* user) -> int32_t {
              auto* self = static_cast<Embedder*>(user);
              if (self->fail) return 1;
              self->texts += count;
              for (size_t i = 0; i < count; ++i) {
                out[2 * i] = 1;
                out[2 * i + 1] = static_cast<float>(sizes[i] % 7);
              }
              return 0;
            },
            this, nullptr};
  }
  CollectionOptions Options() {
    CollectionOptions options;
    options.config.embedder = EmbedderKind::kCallback;
    options.config.dim = 2;
    options.config.embedder_name = "sizes";
    options.callback = Callback();
    return options;
  }
};

TEST_F(SearchCacheTest, AnAnswerWithoutItsEmbedderIsNotRemembered) {
  Embedder embedder;
  notes_ = Must(db_->CreateCollection("c", embedder.Options()));
  Put("a", "dough");
  query::SearchRequest request;
  request.text = "dough";
  embedder.fail = true;
  for (int i = 0; i < 2; ++i) EXPECT_NE(Must(notes_->Search(request)).degraded, "");
  embedder.fail = false;
  EXPECT_EQ(Must(notes_->Search(request)).degraded, "");
  EXPECT_EQ(Searches().hits, 0u);
  embedder.fail = true;
  EXPECT_EQ(Must(notes_->Search(request)).degraded, "");
  EXPECT_EQ(Searches().hits, 1u);
  notes_.reset();
  db_.reset();  // before what the callback points to
}

TEST_F(SearchCacheTest, ATextIsEmbeddedOnceForTheWholeDatabase) {
  Embedder embedder;
  notes_ = Must(db_->CreateCollection("c", embedder.Options()));
  Put("a", "dough");
  Put("b", "dough");
  EXPECT_EQ(embedder.texts, 1u) << "the same text in another document";
  auto other = Must(db_->CreateCollection("d", embedder.Options()));
  auto input = Note("a", "", "dough");
  CAIRN_ASSERT_OK(other->Upsert({&input, 1}));
  EXPECT_EQ(embedder.texts, 1u) << "the same embedder of another collection";
  CAIRN_ASSERT_OK(notes_->Delete("a"));
  Put("a", "dough");
  EXPECT_EQ(embedder.texts, 1u) << "a document that came back";
  query::SearchRequest request;
  request.text = "dough";
  Must(notes_->Search(request));
  Must(other->Search(request));
  EXPECT_EQ(embedder.texts, 2u) << "a query is embedded for another purpose, once";
  EXPECT_EQ(Embeddings().hits, 4u);
  other.reset();
  notes_.reset();
  db_.reset();
}

}  // namespace
}  // namespace cairn::db
