#include "text/text_index.h"

#include <random>

#include <gmock/gmock.h>

#include "corpus.h"
#include "storage/keys.h"

namespace cairn::text {
namespace {

using storage::Family;
using test::Doc;
using test::kCollection;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TextIndexTest : public test::IndexTest {};

TEST_F(TextIndexTest, EmptyIndexFindsNothing) {
  EXPECT_THAT(Docs("anything"), IsEmpty());
  const auto statistics = index_->Statistics(nullptr);
  CAIRN_ASSERT_OK(statistics);
  EXPECT_EQ(statistics->document_count, 0u);
}

TEST_F(TextIndexTest, QueriesWithoutTermsAreEmptyNotErrors) {
  PutBody(1, "some words");
  for (std::string_view query : {"", "   ", "?!...", "\"", "-", "((", "\xff\xfe", "_"}) {
    const TextResult result = Search(query);
    EXPECT_THAT(result.hits, IsEmpty()) << query;
    EXPECT_EQ(result.total, 0u);
  }
}

TEST_F(TextIndexTest, UnknownTermsFindNothingAndDoNotDisturbOthers) {
  PutBody(1, "some words");
  EXPECT_THAT(Docs("zebra"), IsEmpty());
  EXPECT_THAT(Docs("zebra words"), ElementsAre(1u));
}

TEST_F(TextIndexTest, EqualScoresComeInOrderOfNumber) {
  for (uint64_t doc : {5u, 3u, 9u, 1u}) PutBody(doc, "same text here");
  EXPECT_THAT(Docs("text"), ElementsAre(1u, 3u, 5u, 9u));
  EXPECT_THAT(Docs("text", 2), ElementsAre(1u, 3u));
}

TEST_F(TextIndexTest, TotalCountsBeyondK) {
  for (uint64_t doc = 1; doc <= 20; ++doc) PutBody(doc, "common");
  EXPECT_EQ(Search("common", 3).total, 20u);
  EXPECT_EQ(Search("common", 3).hits.size(), 3u);
  EXPECT_EQ(Search("common", 0).total, 20u);
  EXPECT_THAT(Search("common", 0).hits, IsEmpty());
}

TEST_F(TextIndexTest, TermOfNearlyAllDocumentsStillScoresAboveZero) {
  for (uint64_t doc = 1; doc <= 10; ++doc) PutBody(doc, doc == 10 ? "other" : "common");
  const TextResult result = Search("common");
  ASSERT_EQ(result.hits.size(), 9u);
  for (const TextHit& hit : result.hits) EXPECT_GT(hit.score, 0);
  PutBody(11, "alone");
  Remove(10);
  Remove(11);
  EXPECT_GT(Search("common").hits.at(0).score, 0);  // now in every document
}

TEST_F(TextIndexTest, FilterLimitsHitsAndTotalButNotTheStatistics) {
  for (uint64_t doc = 1; doc <= 6; ++doc) PutBody(doc, StrCat("apple pear", doc));
  Bitmap filter;
  filter.Set(2);
  filter.Set(5);
  filter.Set(70000);
  const TextResult all = Search("apple");
  const TextResult some = Search("apple", 10, &filter);
  EXPECT_EQ(some.total, 2u);
  EXPECT_THAT(Docs("apple", 1, &filter), ElementsAre(2u));
  ASSERT_EQ(some.hits.size(), 2u);
  EXPECT_EQ(some.hits[0].doc, DocNo(2));
  EXPECT_EQ(some.hits[1].doc, DocNo(5));
  EXPECT_EQ(some.hits[0].score, all.hits[0].score);
  const Bitmap none;
  EXPECT_EQ(Search("apple", 10, &none).total, 0u);
}

TEST_F(TextIndexTest, DocumentsWithoutTermsLeaveNoTrace) {
  Put(1, {});
  Put(2, {"---", {"!"}, "", {"", "..."}});
  ExpectAsRebuilt();
  EXPECT_THAT(store_.family(Family::kPostings), IsEmpty());
  Remove(1);
  Put(3, {"Title", {}, "", {}}, 2);
  ExpectAsRebuilt();
}

TEST_F(TextIndexTest, RemoveLeavesNothingBehind) {
  Put(1, {"Title words", {"tag"}, "description", {"chunk one", "chunk two"}});
  PutBody(2, "chunk three");
  Remove(1);
  ExpectAsRebuilt();
  EXPECT_THAT(Docs("title tag description one"), IsEmpty());
  EXPECT_THAT(Docs("chunk"), ElementsAre(2u));
  Remove(1);  // again: nothing to do
  Remove(99);
  ExpectAsRebuilt();
  Remove(2);
  EXPECT_THAT(store_.family(Family::kPostings), IsEmpty());
  EXPECT_EQ(index_->Statistics(nullptr)->total_length, 0);
}

TEST_F(TextIndexTest, ReplaceTakesTheOldTermsOut) {
  PutBody(1, "old words stay never");
  Put(2, {"", {}, "", {"new words"}}, 1);
  ExpectAsRebuilt();
  EXPECT_THAT(Docs("old"), IsEmpty());
  EXPECT_THAT(Docs("words"), ElementsAre(2u));
  Put(2, {"", {}, "", {"newer phrase"}}, 2);  // under its own number
  ExpectAsRebuilt();
  EXPECT_THAT(Docs("words"), IsEmpty());
  EXPECT_THAT(Docs("newer"), ElementsAre(2u));
}

TEST_F(TextIndexTest, AddingTheSameNumberTwiceFails) {
  PutBody(1, "words");
  storage::Batch batch;
  const Doc doc{"", {}, "", {"other"}};
  CAIRN_EXPECT_ERROR(index_->Apply(&batch, std::nullopt, DocNo(1), doc.View()),
                     Code::kAlreadyExists, "document 1");
  EXPECT_TRUE(batch.empty());
}

TEST_F(TextIndexTest, CollectionsAreApart) {
  const TextIndex other(&store_, CollectionId(8), test::EnglishAnalyzer(), {});
  PutBody(1, "shared word");
  const auto found = other.Search("shared", 10, nullptr, store_.TakeSnapshot());
  CAIRN_ASSERT_OK(found);
  EXPECT_EQ(found->total, 0u);
  EXPECT_EQ(other.Statistics(nullptr)->document_count, 0u);
}

TEST_F(TextIndexTest, SearchSeesTheSnapshotItIsGiven) {
  PutBody(1, "first words");
  const auto before = store_.TakeSnapshot();
  PutBody(2, "second words");
  Remove(1);
  const auto old = index_->Search("words", 10, nullptr, before);
  CAIRN_ASSERT_OK(old);
  ASSERT_EQ(old->hits.size(), 1u);
  EXPECT_EQ(old->hits[0].doc, DocNo(1));
  EXPECT_EQ(index_->Statistics(before)->document_count, 1u);
  const auto now = index_->Search("words", 10, nullptr, nullptr);  // null is the latest
  CAIRN_ASSERT_OK(now);
  ASSERT_EQ(now->hits.size(), 1u);
  EXPECT_EQ(now->hits[0].doc, DocNo(2));
}

TEST_F(TextIndexTest, TermsThatBeginAlikeAreApart) {
  PutBody(1, "car");
  PutBody(2, "cart");
  EXPECT_THAT(Docs("car"), ElementsAre(1u));
}

TEST_F(TextIndexTest, ReadFailuresComeThrough) {
  PutBody(1, "words");
  store_.FailReads(Error(Code::kIoError, "disk on fire"));
  storage::Batch batch;
  const Doc doc{"", {}, "", {"other"}};
  CAIRN_EXPECT_ERROR(index_->Search("words", 10, nullptr, nullptr), Code::kIoError, "fire");
  CAIRN_EXPECT_ERROR(index_->Statistics(nullptr), Code::kIoError, "fire");
  CAIRN_EXPECT_ERROR(index_->Apply(&batch, std::nullopt, DocNo(2), doc.View()), Code::kIoError,
                     "fire");
  CAIRN_EXPECT_ERROR(index_->Remove(&batch, DocNo(1)), Code::kIoError, "fire");
  EXPECT_TRUE(batch.empty());
}

TEST_F(TextIndexTest, DamagedPostingIsDataLoss) {
  PutBody(1, "words");
  for (auto& [key, value] : store_.family(Family::kPostings)) value.pop_back();
  CAIRN_EXPECT_ERROR(index_->Search("words", 10, nullptr, nullptr), Code::kDataLoss, "document 1");
}

TEST_F(TextIndexTest, PostingWithAWrongKeyIsDataLoss) {
  PutBody(1, "words");
  auto& postings = store_.family(Family::kPostings);
  postings[postings.begin()->first + "x"] = postings.begin()->second;
  CAIRN_EXPECT_ERROR(index_->Search("words", 10, nullptr, nullptr), Code::kDataLoss, "key");
}

TEST_F(TextIndexTest, StatisticsThatDoNotFitThePostingsAreDataLoss) {
  PutBody(1, "words");
  const std::string key = storage::keys::TextStatistics(kCollection);
  store_.family(Family::kTerms)[key] = "garbage";
  CAIRN_EXPECT_ERROR(index_->Statistics(nullptr), Code::kDataLoss, "statistics");
  CAIRN_EXPECT_ERROR(index_->Search("words", 1, nullptr, nullptr), Code::kDataLoss, "statistics");
  store_.family(Family::kTerms).erase(key);
  CAIRN_EXPECT_ERROR(index_->Search("words", 1, nullptr, nullptr), Code::kDataLoss, "postings");
  storage::Batch batch;
  CAIRN_EXPECT_ERROR(index_->Remove(&batch, DocNo(1)), Code::kDataLoss, "statistics");
}

TEST_F(TextIndexTest, DamagedForwardListIsDataLoss) {
  PutBody(1, "words");
  store_.family(Family::kTerms)[storage::keys::TermsOf(kCollection, DocNo(1))] = "x";
  storage::Batch batch;
  CAIRN_EXPECT_ERROR(index_->Remove(&batch, DocNo(1)), Code::kDataLoss, "terms");
  const Doc doc{"", {}, "", {"other"}};
  CAIRN_EXPECT_ERROR(index_->Apply(&batch, DocNo(1), DocNo(2), doc.View()), Code::kDataLoss,
                     "terms");
  EXPECT_TRUE(batch.empty());
}

TEST_F(TextIndexTest, RandomSequencesEndAsIfBuiltAfresh) {
  constexpr uint32_t kSeed = 77;
  std::mt19937 random(kSeed);
  Bm25Options options;
  options.title_weight = 1.7f;  // lengths that do not add up exactly
  UseOptions(options);
  std::vector<uint64_t> live;
  uint64_t next = 1;
  for (int step = 0; step < 400; ++step) {
    Doc doc;
    for (uint32_t i = random() % 4; i > 0; --i) doc.title += StrCat("t", random() % 10, " ");
    for (uint32_t i = random() % 3; i > 0; --i) doc.tags.push_back(StrCat("g", random() % 5));
    for (uint32_t c = random() % 4; c > 0; --c) {
      std::string& chunk = doc.chunks.emplace_back();
      for (uint32_t i = random() % 12; i > 0; --i) chunk += StrCat("w", random() % 40, " ");
    }
    const uint32_t action = random() % 4;
    const size_t pick = live.empty() ? 0 : random() % live.size();
    if (action == 0 && !live.empty()) {
      Remove(live[pick]);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(pick));
    } else if (action == 1 && !live.empty()) {
      Put(next, doc, live[pick]);
      live[pick] = next++;
    } else {
      Put(next, doc);
      live.push_back(next++);
    }
    if (HasFatalFailure()) return;
    if (step % 100 == 99) ExpectAsRebuilt();
  }
  ExpectAsReference("t1 g2 w3 w4 w5");
  for (const uint64_t doc : live) Remove(doc);
  ExpectAsRebuilt();
  EXPECT_THAT(store_.family(Family::kPostings), IsEmpty());
  EXPECT_EQ(index_->Statistics(nullptr)->total_length, 0);
}

}  // namespace
}  // namespace cairn::text
