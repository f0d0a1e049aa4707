#include "indexer/chunker.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "indexer/parser.h"
#include "indexer/split.h"
#include "indexer/tokens.h"
#include "unit/indexer/indexer_support.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ChunkerOptions Bounds(uint32_t max_tokens, uint32_t min_tokens) {
  ChunkerOptions options;
  options.max_tokens = max_tokens;
  options.min_tokens = min_tokens;
  return options;
}

Document Chunk10(std::string_view body, uint32_t min_tokens = 3) {
  return ParseDocument("n.md", body, Format::kMarkdown, Bounds(10, min_tokens));
}

std::vector<std::string> Texts(const Document& d) {
  std::vector<std::string> texts;
  for (const Chunk& chunk : d.chunks) texts.push_back(chunk.text);
  return texts;
}

std::vector<std::string> Paths(const Document& d) {
  std::vector<std::string> paths;
  for (const Chunk& chunk : d.chunks) paths.push_back(chunk.heading_path);
  return paths;
}

std::string Numbered(size_t count, const std::string& word = "w") {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : " ") + word + std::to_string(i);
  return out;
}

TEST(Chunker, NothingIsNoChunk) {
  EXPECT_THAT(Chunk10("").chunks, IsEmpty());
  EXPECT_THAT(Chunk10("\n \n").chunks, IsEmpty());
  EXPECT_THAT(Chunk10("---\ntitle: only\n---\n").chunks, IsEmpty());
}

TEST(Chunker, ZeroBoundsAreTakenAsOne) {
  Document d = ParseDocument("n.md", "a b c", Format::kMarkdown, Bounds(0, 0));
  EXPECT_THAT(Texts(d), ElementsAre("a", "b", "c"));
}

TEST(Chunker, PacksParagraphsUpToTheBound) {
  Document d = Chunk10("a b c d\n\ne f g h\n\ni j k\n");
  EXPECT_THAT(Texts(d), ElementsAre("a b c d\n\ne f g h", "i j k"));
  EXPECT_EQ(d.chunks[1].line, 5u);
}

TEST(Chunker, HeadingsOfLevelOneAndTwoPart) {
  Document d = Chunk10("# A\n\na b c d\n\n## B\n\ne f g h\n\n# C\n\ni j k l\n");
  EXPECT_THAT(Texts(d), ElementsAre("A\n\na b c d", "B\n\ne f g h", "C\n\ni j k l"));
  EXPECT_THAT(Paths(d), ElementsAre("A", "A > B", "C"));
}

TEST(Chunker, TinySectionsAreJoinedAndShareTheirPath) {
  Document d = Chunk10("# A\n\n## B\n\nb\n\n## C\n\nc\n");
  EXPECT_THAT(Texts(d), ElementsAre("A\n\nB\n\nb", "C\n\nc")) << "three words are not tiny";
  EXPECT_THAT(Paths(d), ElementsAre("A > B", "A > C"));
  d = Chunk10("# A\n\n## B\n\nb\n\n## C\n\nc\n", 6);
  EXPECT_THAT(Texts(d), ElementsAre("A\n\nB\n\nb\n\nC\n\nc"));
  EXPECT_THAT(Paths(d), ElementsAre("A"));
}

TEST(Chunker, ATinySectionOfLevelThreeJoinsABigNeighbour) {
  Document d = Chunk10("## B\n\na b c d\n\n### X\n\nx\n\n### Y\n\ny y y y\n");
  EXPECT_THAT(Texts(d), ElementsAre("B\n\na b c d\n\nX\n\nx", "Y\n\ny y y y"));
  EXPECT_THAT(Paths(d), ElementsAre("B", "B > Y"));
}

TEST(Chunker, AHeadingAloneGoesWithWhatIsUnderIt) {
  Document d = Chunk10("# A\n\n## B\n\na b c d e f g\n\n## D\n");
  EXPECT_THAT(Texts(d), ElementsAre("A\n\nB\n\na b c d e f g", "D"));
  EXPECT_THAT(Paths(d), ElementsAre("A > B", "A > D"));
}

TEST(Chunker, SkippedLevelsAndAHeadingWithoutText) {
  Document d = Chunk10("### Deep\n\na b c d\n\n# Top\n\ne f g h\n\n#\n\ni j k l m n\n");
  EXPECT_THAT(Paths(d), ElementsAre("Deep", "Top", "Top"));
}

TEST(Chunker, ListsKeepTheirItemsTogetherOnLines) {
  Document d = Chunk10("Intro:\n\n- a b\n- c d\n  - e f\n\nEnd.\n");
  EXPECT_THAT(Texts(d), ElementsAre("Intro:\n\na b\nc d\ne f\n\nEnd."));
}

TEST(Chunker, LongParagraphIsCutAtSentences) {
  Document d = Chunk10("One two three four five. Six seven eight. Nine ten **eleven twelve** x.\n");
  ASSERT_EQ(d.chunks.size(), 2u);
  EXPECT_EQ(d.chunks[0].text, "One two three four five. Six seven eight.");
  EXPECT_EQ(d.chunks[1].text, "Nine ten eleven twelve x.");
  EXPECT_EQ(d.body.substr(d.chunks[1].begin, d.chunks[1].end - d.chunks[1].begin),
            "Nine ten **eleven twelve** x.");
  EXPECT_EQ(d.chunks[0].end, d.chunks[1].begin);
}

TEST(Chunker, LongCodeIsCutAtBlankLinesThenLines) {
  Document d = Chunk10("```\na b c d\n\ne f g\nh i j\nk l m\n```\n");
  EXPECT_THAT(Texts(d), ElementsAre("a b c d", "e f g\nh i j\nk l m"));
  EXPECT_EQ(d.body.substr(d.chunks[1].begin), "e f g\nh i j\nk l m\n```\n");
  EXPECT_EQ(d.chunks[1].line, 4u);
  EXPECT_EQ(d.chunks[0].begin, 0u) << "the fence belongs to the first piece";
  d = Chunk10("```\na b c\nd e f\n  g h i\n  j k l\n```\n");
  EXPECT_THAT(Texts(d), ElementsAre("a b c\nd e f\n  g h i", "  j k l"));
  EXPECT_EQ(d.chunks[1].line, 5u);
}

TEST(Chunker, LongLinesAreCutBetweenWords) {
  Document d = Chunk10(Numbered(25));
  ASSERT_EQ(d.chunks.size(), 3u);
  EXPECT_THAT(d.chunks[0].text, EndsWith("w9"));
  EXPECT_EQ(d.chunks[2].text, "w20 w21 w22 w23 w24");
}

TEST(Chunker, AnEndlessWordIsCutBetweenCharacters) {
  std::string word;
  for (int i = 0; i < 1000; ++i) word += "ü";
  Document d = Chunk10(word);
  ASSERT_GT(d.chunks.size(), 3u);
  std::string joined;
  for (const Chunk& chunk : d.chunks) {
    EXPECT_TRUE(IsValidUtf8(chunk.text));
    EXPECT_LE(CountTokens(chunk.text), 10u);
    joined += d.body.substr(chunk.begin, chunk.end - chunk.begin);
  }
  EXPECT_EQ(joined, word);
}

TEST(Chunker, CjkIsCutAtItsFullStop) {
  Document d = Chunk10("一二三四五六。七八九十一二三。");
  EXPECT_THAT(Texts(d), ElementsAre("一二三四五六。", "七八九十一二三。"));
}

TEST(Chunker, TableIsCutBetweenRows) {
  std::string body = "| h1 | h2 |\n|---|---|\n";
  for (int i = 0; i < 8; ++i) body += "| a" + std::to_string(i) + " | b |\n";
  Document d = Chunk10(body);
  ASSERT_EQ(d.chunks.size(), 2u);
  EXPECT_EQ(d.chunks[1].text, "a4 | b\na5 | b\na6 | b\na7 | b");
  EXPECT_EQ(d.chunks[1].line, 7u);
}

TEST(Chunker, LinkAddressesDoNotShiftOffsets) {
  std::string body = "[w1](http://x/w7) w2 w3 w4 w5 w6 [w7](y) w8 w9 w10 w11 &amp; `w12` w13 w14\n";
  Document d = Chunk10(body);
  ASSERT_EQ(d.chunks.size(), 2u);
  EXPECT_EQ(d.chunks[1].text, "w11 & w12 w13 w14");
  EXPECT_EQ(body.substr(d.chunks[1].begin), "w11 &amp; `w12` w13 w14\n");
}

TEST(Chunker, PlainTextParagraphs) {
  Document d = ParseDocument("dir/read me.txt", "# a b c\r\nd #e\r\n\r\nf g h i j k\r\n",
                             Format::kPlainText, Bounds(10, 3));
  EXPECT_EQ(d.title, "read me");
  EXPECT_THAT(d.tags, IsEmpty());
  EXPECT_THAT(Texts(d), ElementsAre("# a b c\nd #e", "f g h i j k"));
  EXPECT_EQ(d.chunks[1].line, 4u);
  EXPECT_THAT(Paths(d), ElementsAre("", ""));
}

TEST(Chunker, ChunkBodyMatchesParseDocument) {
  std::string body = "\xEF\xBB\xBF---\ntitle: x\n---\n# A\n\n" + Numbered(40) + "\n";
  Document parsed = Chunk10(body);
  Document given;
  given.title = "kept";
  given.body = body;
  ChunkBody(&given, Format::kMarkdown, Bounds(10, 3));
  EXPECT_EQ(given.title, "kept");
  ASSERT_EQ(given.chunks.size(), parsed.chunks.size());
  for (size_t i = 0; i < given.chunks.size(); ++i) {
    EXPECT_EQ(given.chunks[i].begin, parsed.chunks[i].begin);
    EXPECT_EQ(given.chunks[i].text, parsed.chunks[i].text);
  }
  ChunkBody(&given, Format::kMarkdown, Bounds(10, 3));
  EXPECT_EQ(given.chunks.size(), parsed.chunks.size()) << "twice is as once";
}

TEST(Tokens, CountsWords) {
  EXPECT_EQ(CountTokens(""), 0u);
  EXPECT_EQ(CountTokens("don't stop_me now-or never"), 5u);
  EXPECT_EQ(CountTokens("naïve Zürich"), 2u);
  EXPECT_EQ(CountTokens("日本語 テスト"), 6u);
  EXPECT_EQ(CountTokens("한국어 낱말"), 2u);
  EXPECT_EQ(CountTokens("... --- !!!"), 0u);
  EXPECT_EQ(CountTokens(std::string(320, '-')), 9u) << "nothing unbounded is free";
  EXPECT_EQ(CountTokens(std::string(320, 'a')), 10u);
}

TEST(Tokens, PrefixNeverExceedsAndAlwaysMoves) {
  std::string text = "ab cd 日本 " + std::string(200, 'x') + "\xC3";
  for (uint32_t max = 0; max < 12; ++max) {
    size_t prefix = PrefixWithin(text, max);
    EXPECT_GT(prefix, 0u);
    EXPECT_LE(CountTokens(text.substr(0, prefix)), std::max(max, 1u));
  }
  EXPECT_EQ(PrefixWithin("", 3), 0u);
}

TEST(Tokens, CutKeepsCharactersWhole) {
  EXPECT_EQ(CutUtf8("aüb", 2), "a");
  EXPECT_EQ(CutUtf8("aüb", 3), "aü");
  EXPECT_EQ(CutUtf8("aüb", 9), "aüb");
}

}  // namespace
}  // namespace cairn::indexer
