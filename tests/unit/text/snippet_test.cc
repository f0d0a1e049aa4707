#include "text/snippet.h"

#include <chrono>
#include <random>

#include <gmock/gmock.h>

#include "base/bytes.h"
#include "corpus.h"
#include "text/snippet_source.h"

namespace cairn::text {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Snippet Make(std::string_view query, std::string_view text, size_t target = 200) {
  static const auto* analyzer =
      new std::shared_ptr<const analysis::Analyzer>(test::EnglishAnalyzer());
  return MakeSnippet(**analyzer, query, text, target);
}

std::vector<std::string> Marked(const Snippet& snippet) {
  std::vector<std::string> marked;
  for (const Highlight& mark : snippet.highlights) {
    marked.push_back(snippet.text.substr(mark.begin, mark.end - mark.begin));
  }
  return marked;
}

std::string Filler(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += StrCat("filler", i, " ");
  return text;
}

TEST(Snippet, EmptyTextAndZeroSize) {
  EXPECT_EQ(Make("query", "").text, "");
  EXPECT_EQ(Make("query", " \n ").text, "");
  EXPECT_EQ(Make("query", "a query", 0).text, "");
  EXPECT_THAT(Make("query", "a query", 0).highlights, IsEmpty());
}

TEST(Snippet, ShortTextIsShownWholeOnOneLine) {
  const Snippet snippet = Make("foxes", "  The quick\n\nbrown\tfox,\r\nfoxes!  ");
  EXPECT_EQ(snippet.text, "The quick brown fox, foxes!");
  EXPECT_THAT(Marked(snippet), ElementsAre("fox", "foxes"));
}

TEST(Snippet, WithoutAMatchTheBeginningIsShown) {
  const std::string text = Filler(200);
  for (std::string_view query : {"absent", "", "?!"}) {
    const Snippet snippet = Make(query, text, 50);
    EXPECT_THAT(snippet.text, StartsWith("filler0 filler1"));
    EXPECT_THAT(snippet.text, EndsWith("..."));
    EXPECT_THAT(snippet.text, Not(HasSubstr(" ...")));
    EXPECT_LE(snippet.text.size(), 53u);
    EXPECT_THAT(snippet.highlights, IsEmpty());
  }
}

TEST(Snippet, WindowWithTheMostDifferentWordsWins) {
  const std::string text = "apple apple apple apple " + Filler(100) + "apple with pear " +
                           Filler(100) + "pear pear pear";
  const Snippet snippet = Make("apple pear", text, 80);
  EXPECT_THAT(snippet.text, HasSubstr("apple with pear"));
  EXPECT_THAT(snippet.text, StartsWith("..."));
  EXPECT_THAT(snippet.text, EndsWith("..."));
  EXPECT_THAT(Marked(snippet), ElementsAre("apple", "pear"));
}

TEST(Snippet, OfEqualWindowsTheOneWithMoreMatchesThenTheFirst) {
  const std::string text = Filler(60) + "one apple here " + Filler(60) + "two apple apple " +
                           Filler(60) + "three apple apple " + Filler(60);
  EXPECT_THAT(Make("apple", text, 60).text, HasSubstr("two apple apple"));
}

TEST(Snippet, BeginsWithTheSentence) {
  const std::string text = Filler(50) + "ends. Here the needle is found. " + Filler(50);
  const Snippet snippet = Make("needle", text, 80);
  EXPECT_THAT(snippet.text, StartsWith("...Here the needle is found."));
  EXPECT_THAT(Marked(snippet), ElementsAre("needle"));
}

TEST(Snippet, BeginsWithAWordWhenTheSentenceIsLong) {
  const std::string text = Filler(100) + "needle " + Filler(100);
  const Snippet snippet = Make("needle", text, 80);
  EXPECT_THAT(snippet.text, StartsWith("...filler"));
  EXPECT_THAT(snippet.text, HasSubstr(" needle "));
  EXPECT_LE(CountChars(snippet.text), 86u);
}

TEST(Snippet, EndOfTheTextIsFilledFromTheLeft) {
  const Snippet snippet = Make("needle", Filler(100) + "needle", 80);
  EXPECT_THAT(snippet.text, EndsWith(" needle"));
  EXPECT_THAT(snippet.text, StartsWith("...filler"));
  EXPECT_GE(CountChars(snippet.text), 60u);
}

TEST(Snippet, NoEllipsisAtTheBeginningOrEnd) {
  EXPECT_THAT(Make("needle", "needle " + Filler(100), 60).text, StartsWith("needle"));
  EXPECT_THAT(Make("needle", Filler(100) + "the needle.", 60).text, EndsWith("needle."));
}

TEST(Snippet, OverlappingMatchesAreOneHighlight) {
  const Snippet snippet = Make("日本語", "これは日本語のテキストです");
  EXPECT_THAT(Marked(snippet), ElementsAre("日本語"));
  EXPECT_THAT(Marked(Make("fooBar", "call fooBar now")), ElementsAre("fooBar"));
  EXPECT_THAT(Marked(Make("bar", "call fooBar now")), ElementsAre("Bar"));
}

TEST(Snippet, HighlightsWordsAsWritten) {
  EXPECT_THAT(Marked(Make("cafe", "Das CAFÉ und cafe\xcc\x81s")),
              ElementsAre("CAFÉ", "cafe\xcc\x81s"));
  EXPECT_THAT(Marked(Make("fine", "\xef\xac\x81ne words")), ElementsAre("\xef\xac\x81ne"));
}

TEST(Snippet, TextWithoutSpacesIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "中文";
  text += "搜索";
  for (int i = 0; i < 300; ++i) text += "引擎";
  const Snippet snippet = Make("搜索", text, 40);
  EXPECT_TRUE(IsValidUtf8(snippet.text));
  EXPECT_THAT(Marked(snippet), ElementsAre("搜索"));
  EXPECT_LE(CountChars(snippet.text), 46u);
  EXPECT_GE(CountChars(snippet.text), 40u);
}

TEST(Snippet, OneVeryLongWordIsCut) {
  const std::string text = "needle " + std::string(5000, 'x');
  EXPECT_LE(Make("needle", text, 100).text.size(), 103u);
  EXPECT_LE(Make("absent", std::string(5000, 'x'), 100).text.size(), 103u);
}

TEST(Snippet, BadBytesBecomeReplacementCharacters) {
  const Snippet snippet = Make("needle", "a\xff needle \xe2\x82");
  EXPECT_TRUE(IsValidUtf8(snippet.text));
  EXPECT_THAT(Marked(snippet), ElementsAre("needle"));
}

TEST(Snippet, MarkdownLineWithoutStopBeginsAtItsItem) {
  const std::string text =
      Filler(60) + "\n- first item\n- second needle item\n- third " + Filler(60);
  EXPECT_THAT(Make("needle", text, 60).text, StartsWith("...- second needle item"));
}

TEST(Snippet, RandomTextsKeepThePromises) {
  constexpr uint32_t kSeed = 99;
  std::mt19937 random(kSeed);
  const std::vector<std::string> pieces = {"apple",
                                           "pear",
                                           "Stra\xc3\x9f"
                                           "e",
                                           "日本語",
                                           "...",
                                           ". ",
                                           "\n\n",
                                           "\xff",
                                           "😀",
                                           "fooBar",
                                           "é",
                                           std::string(1, '\0'),
                                           " ",
                                           " ",
                                           " ",
                                           "longishword",
                                           "\xcc\x81"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (uint32_t i = random() % 150; i > 0; --i) text += pieces[random() % pieces.size()];
    const size_t target = 1 + random() % 120;
    const Snippet snippet = Make("apple bar 日本 strasse", text, target);
    ASSERT_TRUE(IsValidUtf8(snippet.text));
    ASSERT_EQ(snippet.text.find('\n'), std::string::npos);
    ASSERT_EQ(snippet.text.find("  "), std::string::npos) << snippet.text;
    ASSERT_LE(CountChars(snippet.text), target + 30) << text;
    uint32_t end = 0;
    for (const Highlight& mark : snippet.highlights) {
      ASSERT_GE(mark.begin, end);
      ASSERT_LT(mark.begin, mark.end);
      ASSERT_LE(mark.end, snippet.text.size());
      ASSERT_TRUE(IsValidUtf8(snippet.text.substr(mark.begin, mark.end - mark.begin)));
      end = mark.end;
    }
  }
}

TEST(Snippet, LongTextTakesTimeInProportion) {
  std::string text = Filler(100);
  while (text.size() < 4000000) text += "needle word other text. ";
  EXPECT_THAT(Make("needle other", text).text, HasSubstr("needle"));  // quadratic would not end
}

}  // namespace
}  // namespace cairn::text
