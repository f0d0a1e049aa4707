#include <gmock/gmock.h>

#include <clocale>

#include "filter.h"
#include "json.h"
#include "layout.h"
#include "progress.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Painter kPlain(false);
const Painter kPainted(true);

class Text : public testing::Test {
 protected:
  static void SetUpTestSuite() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
};

using Utf8 = Text;
using Layout = Text;

TEST_F(Utf8, RefusesWhatIsNotUtf8) {
  // Lone continuation, cut short, overlong, surrogate, beyond the last code point.
  for (const char* bytes : {"\x80", "\xC3", "\xE2\x82", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xFF", "\xF0\x80\x80\xAF", "\xC3("}) {
    const CodePoint point = DecodeAt(bytes, 0);
    EXPECT_FALSE(point.valid) << bytes;
    EXPECT_EQ(point.size_bytes, 1u);
  }
}

TEST_F(Utf8, DecodesEveryLength) {
  EXPECT_EQ(DecodeAt("a", 0).value, U'a');
  EXPECT_EQ(DecodeAt("xé", 1).value, U'é');
  EXPECT_EQ(DecodeAt("出", 0).value, U'出');
  EXPECT_EQ(DecodeAt("😀", 0).value, U'😀');
  EXPECT_EQ(DecodeAt("😀", 0).size_bytes, 4u);
}

TEST_F(Utf8, KnowsWideAndCombiningCharacters) {
  EXPECT_EQ(ColumnsOf("abc"), 3u);
  EXPECT_EQ(ColumnsOf("出汁"), 4u);
  EXPECT_EQ(ColumnsOf("e\xCC\x81"), 1u);
}

TEST_F(Utf8, PrintableTextCannotSteerATerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc\td\x7f"), "a [2Jb c d ");
  EXPECT_EQ(Printable("\xC2\x9B"), "  ");       // C1 control
  EXPECT_EQ(Printable("\xE2\x80\xAE"), "   ");  // right-to-left override
  EXPECT_EQ(Printable("x\xFFy"), "x?y");
  EXPECT_EQ(PrintableLines("a\n\tb\r\x1b"), "a\n\tb  ");
}

TEST_F(Layout, WrapsBetweenWords) {
  EXPECT_THAT(WrapMarked("the quick brown fox", {}, 10, kPlain),
              ElementsAre("the quick", "brown fox"));
  EXPECT_THAT(WrapMarked("the quick brown fox", {}, 0, kPlain), ElementsAre("the quick brown fox"));
  EXPECT_THAT(WrapMarked("  a   b  ", {}, 10, kPlain), ElementsAre("a b"));
  EXPECT_THAT(WrapMarked("", {}, 10, kPlain), IsEmpty());
  EXPECT_THAT(WrapMarked("   ", {}, 10, kPlain), IsEmpty());
}

TEST_F(Layout, CutsWhatHasNoBreak) {
  EXPECT_THAT(WrapMarked("abcdefgh", {}, 3, kPlain), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(WrapMarked("出汁の取り方", {}, 5, kPlain), ElementsAre("出汁", "の取", "り方"));
  EXPECT_THAT(WrapMarked("出", {}, 1, kPlain), ElementsAre("出"));
}

TEST_F(Layout, MarksSurviveTheWrap) {
  // "quick brown" stands out across the line break.
  EXPECT_THAT(WrapMarked("the quick brown fox", {{4, 15}}, 10, kPainted),
              ElementsAre("the \x1b[1;33mquick\x1b[0m", "\x1b[1;33mbrown\x1b[0m fox"));
  EXPECT_THAT(WrapMarked("a  b c", {{3, 4}}, 0, kPainted), ElementsAre("a \x1b[1;33mb\x1b[0m c"));
  EXPECT_THAT(WrapMarked("ab", {{0, 1}, {1, 2}}, 0, kPainted), ElementsAre("\x1b[1;33mab\x1b[0m"));
  EXPECT_THAT(WrapMarked("ab", {{5, 9}}, 0, kPainted), ElementsAre("ab"));
}

TEST_F(Layout, FitCutsAtTheWidth) {
  EXPECT_EQ(Fit("abcdef", 6), "abcdef");
  EXPECT_EQ(Fit("abcdef", 5), "abcd…");
  EXPECT_EQ(Fit("出汁の", 5), "出汁…");
  EXPECT_EQ(Fit("出汁の", 4), "出…");
  EXPECT_EQ(Fit("abc", 0), "abc");
}

TEST_F(Layout, NumbersForPeople) {
  EXPECT_EQ(Counted(1, "file"), "1 file");
  EXPECT_EQ(Counted(0, "file"), "0 files");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1500), "1.5 kB");
  EXPECT_EQ(HumanBytes(999'960), "1.0 MB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "18446744.1 TB");
}

TEST(Progress, ShowsWhatIsKnown) {
  EXPECT_EQ(ProgressText(0, 0, 0, 0), "Scanning");
  EXPECT_EQ(ProgressText(0, 70, 0, 2), "Scanning  70  35/s");
  EXPECT_EQ(ProgressText(1, 50, 200, 0.5),
            "Indexing  [######..................]  50/200  25%  100/s");
  EXPECT_EQ(ProgressText(1, 300, 200, 0), "Indexing  [########################]  300/200  100%");
}

TEST(Json, EscapesWhatItMust) {
  EXPECT_EQ(JsonText("a\"b\\c\n\t\x01"), "\"a\\\"b\\\\c\\n\\u0009\\u0001\"");
  EXPECT_EQ(JsonText("出\xFF"), "\"出\xEF\xBF\xBD\"");
  EXPECT_EQ(JsonObject().str(), "{}");
  EXPECT_EQ(JsonObject().Text("a", "x").Number("b", 18446744073709551615u).Bool("c", true).str(),
            R"({"a":"x","b":18446744073709551615,"c":true})");
}

TEST(Filter, OptionsBecomeConditions) {
  EXPECT_EQ(FilterJson({}), "");
  EXPECT_EQ(FilterJson({{"a", "b\""}, "t", "s", ""}),
            R"({"tags":["a","b\""],"type":"t","status":"s"})");
  EXPECT_EQ(FilterJson({{}, "t", "", R"({"rating": 3})"}), R"({"rating":3,"type":"t"})");
}

TEST(Filter, LeavesABrokenFilterToTheLibrary) {
  for (const char* broken : {"{", "[]", "x"})
    EXPECT_EQ(FilterJson({{"a"}, "", "", broken}), broken);
}

TEST(Filter, RefusesAFieldNamedTwice) {
  EXPECT_ANY_THROW(FilterJson({{"a"}, "", "", R"({"tags": "b"})"}));
  EXPECT_NO_THROW(FilterJson({{"a"}, "", "", R"({"type": "b"})"}));
}

}  // namespace
}  // namespace cairn::cli
