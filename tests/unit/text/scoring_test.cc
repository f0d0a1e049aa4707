#include <random>

#include <gmock/gmock.h>

#include "corpus.h"

namespace cairn::text {
namespace {

using test::Doc;
using ::testing::ElementsAre;

class ScoringTest : public test::IndexTest {
 protected:
  TextHit HitOf(std::string_view query, uint64_t doc) const {
    for (const TextHit& hit : Search(query).hits) {
      if (hit.doc == DocNo(doc)) return hit;
    }
    ADD_FAILURE() << "document " << doc << " not found for " << query;
    return {};
  }
};

TEST_F(ScoringTest, ValueWorkedOutByHand) {
  PutBody(1, "red red blue");  // length 3
  PutBody(2, "green");         // length 1; the average is 2
  // idf = ln(1 + (2 - 1 + 0.5) / (1 + 0.5)) = ln 2
  // part = 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2)) = 2 / 3.65
  EXPECT_NEAR(HitOf("red", 1).score, 0.693147 * 2 / 3.65, 1e-5);
  // Twice in the query counts twice.
  EXPECT_NEAR(HitOf("red red", 1).score, 2 * 0.693147 * 2 / 3.65, 1e-5);
}

TEST_F(ScoringTest, EnglishCollection) {
  const char* texts[] = {
      "The quick brown fox jumps over the lazy dog.",
      "A lazy afternoon: dogs sleep, foxes do not.",
      "Databases store rows; an index makes finding rows quick.",
      "The café at the corner serves coffee. Cafes elsewhere do not.",
      "HashMap and hash_map are names; the map of a HashMap is hashed.",
      "Version 1.2.3 fixed what 1.2.2 broke, version by version.",
      "Nothing in common with the others",
      "the the the the",
  };
  uint64_t doc = 1;
  for (const char* text : texts) PutBody(doc++, text);
  for (std::string_view query :
       {"fox", "lazy dogs", "the", "quick quick index", "café", "cafe", "HashMap", "hash map",
        "version 1.2.3", "1.2", "the quick brown fox jumps over the lazy dog", "row rows ROWS",
        "unknown fox", "don't version's"}) {
    ExpectAsReference(query);
  }
}

TEST_F(ScoringTest, FieldsWeightsUpdatesAndDeletes) {
  Bm25Options options;
  options.k1 = 0.9f;
  options.b = 0.4f;
  options.title_weight = 3.5f;
  options.tags_weight = 0.5f;
  options.description_weight = 1.25f;
  options.body_weight = 0.75f;
  UseOptions(options);
  Put(1, {"Garden notes", {"garden", "spring"}, "What grows where", {"beans and peas", "peas"}});
  Put(2, {"Peas", {}, "", {"a note about peas in the garden", "and more peas", "no more"}});
  Put(3, {"", {"peas"}, "peas peas", {}});
  Put(4, {"Beans", {"garden"}, "", {"beans beans beans"}});
  Put(5, {"Winter", {}, "Nothing grows", {"snow"}});
  const std::vector<std::string_view> queries = {
      "peas", "garden peas", "notes beans grows", "peas peas beans", "winter", "spring where snow"};
  for (std::string_view query : queries) ExpectAsReference(query);
  Put(6, {"Garden peas", {"spring"}, "", {"replaced text on peas"}}, 2);
  for (std::string_view query : queries) ExpectAsReference(query);
  Remove(4);
  Remove(1);
  for (std::string_view query : queries) ExpectAsReference(query);
  ExpectAsRebuilt();
}

TEST_F(ScoringTest, RandomCollection) {
  constexpr uint32_t kSeed = 4242;
  std::mt19937 random(kSeed);
  const auto word = [&random] {  // few common words, many rare ones
    const uint32_t spread = 1u << (random() % 9);
    return StrCat("w", random() % spread);
  };
  for (uint64_t doc = 1; doc <= 150; ++doc) {
    Doc content;
    for (uint32_t i = random() % 3; i > 0; --i) content.title += word() + " ";
    for (uint32_t c = 1 + random() % 4; c > 0; --c) {
      std::string& chunk = content.chunks.emplace_back();
      for (uint32_t i = random() % 40; i > 0; --i) chunk += word() + " ";
    }
    Put(doc, content);
  }
  for (int round = 0; round < 60; ++round) {
    std::string query;
    for (uint32_t i = 1 + random() % 6; i > 0; --i) query += word() + " ";
    ExpectAsReference(query);
    if (HasFailure()) FAIL() << query;
  }
}

TEST_F(ScoringTest, ZeroWeightLeavesAFieldOut) {
  Bm25Options options;
  options.title_weight = 0;
  UseOptions(options);
  Put(1, {"Apple", {}, "", {"pear"}});
  Put(2, {"Pear", {}, "", {"apple"}});
  EXPECT_THAT(Docs("apple"), ElementsAre(2u));
}

TEST_F(ScoringTest, LengthNormalisationCanBeOff) {
  Bm25Options options;
  options.b = 0;
  UseOptions(options);
  PutBody(1, "apple");
  PutBody(2, "apple with a long tail of other words");
  EXPECT_EQ(HitOf("apple", 1).score, HitOf("apple", 2).score);
}

TEST_F(ScoringTest, ExactSpellingComesBeforeThePlainOne) {
  PutBody(1, "a cafe here");
  PutBody(2, "a café here");
  PutBody(3, "a bar here");
  EXPECT_THAT(Docs("café"), ElementsAre(2u, 1u));
  EXPECT_THAT(Docs("cafe"), ElementsAre(1u, 2u));
  EXPECT_EQ(HitOf("cafe", 1).score, HitOf("cafe", 2).score);
}

TEST_F(ScoringTest, FormsOfOneWordCountOnce) {
  PutBody(1, "HashMap");
  PutBody(2, "hash map");
  PutBody(3, "unrelated");
  PutBody(4, "unrelated too");
  // The word as a whole is rarer than its parts, so it decides; the parts add nothing to it.
  const double idf = std::log(1 + (4 - 1 + 0.5) / 1.5);
  const double part = 1 / (1 + 1.2 * (0.25 + 0.75 * 1 / 1.5));
  EXPECT_NEAR(HitOf("HashMap", 1).score, idf * part, 1e-5);
  EXPECT_THAT(Docs("HashMap"), ElementsAre(1u, 2u));
  EXPECT_THAT(Docs("map"), ElementsAre(1u, 2u));
}

TEST_F(ScoringTest, LanguagesWithoutSpaces) {
  PutBody(1, "日本語のテキストを検索する");
  PutBody(2, "中文搜索引擎");
  PutBody(3, "한국어를 배웁니다");
  PutBody(4, "สวัสดีชาวโลก");
  EXPECT_EQ(Docs("検索").front(), 1u);
  EXPECT_EQ(Docs("搜索").front(), 2u);
  EXPECT_EQ(Docs("한국어").front(), 3u);
  EXPECT_EQ(Docs("ชาวโลก").front(), 4u);
  for (std::string_view query : {"日本語", "搜索引擎", "한국어를", "สวัสดี"})
    ExpectAsReference(query);
}

TEST_F(ScoringTest, BestChunkHoldsTheMostOfTheQuery) {
  Put(1, {"peas", {}, "", {"nothing here", "beans", "beans and peas", "peas peas peas"}});
  Put(2, {"filler", {}, "", {"something else"}});
  EXPECT_EQ(HitOf("beans peas", 1).best_chunk, 2u);
  EXPECT_EQ(HitOf("beans peas", 1).matched_chunks, 3u);
  EXPECT_EQ(HitOf("peas", 1).best_chunk, 3u);
  EXPECT_EQ(HitOf("peas", 1).matched_chunks, 2u);
  EXPECT_EQ(HitOf("beans", 1).best_chunk, 1u);  // of equal chunks the first
  EXPECT_EQ(HitOf("filler", 2).best_chunk, 0u);
  EXPECT_EQ(HitOf("filler", 2).matched_chunks, 0u);
}

TEST_F(ScoringTest, RareWordDecidesTheBestChunk) {
  Put(1, {"", {}, "", {"common common", "rare", "common"}});
  for (uint64_t doc = 2; doc < 20; ++doc) PutBody(doc, "common");
  EXPECT_EQ(HitOf("common rare", 1).best_chunk, 1u);
}

TEST_F(ScoringTest, ManyChunks) {
  Doc doc;
  for (int i = 0; i < 1000; ++i) doc.chunks.push_back(i % 100 == 7 ? "needle hay" : "hay");
  doc.chunks[907] = "needle needle hay";
  Put(1, doc);
  PutBody(2, "hay");
  EXPECT_EQ(HitOf("needle", 1).best_chunk, 907u);
  EXPECT_EQ(HitOf("needle", 1).matched_chunks, 10u);
  EXPECT_EQ(HitOf("hay", 1).matched_chunks, 1000u);
}

}  // namespace
}  // namespace cairn::text
