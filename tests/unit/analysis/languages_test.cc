#include <gmock/gmock.h>

#include "tokens.h"

namespace cairn::analysis {
namespace {

using test::Analyze;
using test::Terms;
using ::testing::ElementsAre;

TEST(Languages, English) {
  EXPECT_EQ(Terms("The happiness of the national libraries' readers is generously discussed."),
            "the happi of the nation librari reader is generous discuss");
}

TEST(Languages, German) {
  EXPECT_EQ(Terms("Die Häuser und Straßen der schönsten Städte", "german"),
            "die haus und strass der schon stadt");
  // With another stemmer the diacritics stay, and the plain form is there too.
  EXPECT_EQ(Terms("Zürich über", "none"), "zürich/zurich~ über/uber~");
}

TEST(Languages, French) {
  EXPECT_EQ(Terms("l’amour", "french"), "l amour");
  EXPECT_EQ(Terms("nationale", "french"), Terms("nationales", "french"));
  EXPECT_EQ(Terms("œuvre", "none"), "œuvre/oeuvre~");
}

TEST(Languages, RussianWhateverTheLanguage) {
  for (const char* language : {"english", "german", "none", "russian"}) {
    EXPECT_EQ(Terms("Красивые книги о книгах", language), "красив книг о книг") << language;
  }
  EXPECT_EQ(Terms("ёлки"), Terms("елки"));
}

TEST(Languages, LatinWordsKeepTheirFormWhereTheLanguageIsNotLatin) {
  EXPECT_EQ(Terms("running", "russian"), "running");
}

TEST(Languages, Arabic) {
  // Prefix and vowel points go: "al-kitab" and "kitab" agree.
  EXPECT_EQ(Terms("الكتاب"), "كتاب");
  EXPECT_EQ(Terms("كِتَاب"), "كتاب");
}

TEST(Languages, Greek) {
  EXPECT_EQ(Terms("Άνθρωπος"), Terms("ανθρωπος"));
  EXPECT_EQ(Terms("ΆΝΘΡΩΠΟΣ"), Terms("Άνθρωπος"));  // both sigmas fold to one
}

TEST(Languages, Hebrew) {
  EXPECT_EQ(Terms("צה\"ל שלום"), "צה\"ל שלום");
  EXPECT_EQ(Terms("צה״ל"), "צה\"ל");
  EXPECT_EQ(Terms("שָׁלוֹם"), "שָׁלוֹם/שלום~");
}

TEST(Languages, HindiAndTamil) {
  EXPECT_EQ(Terms("किताबें"), Terms("किताब"));
  EXPECT_EQ(Analyze("தமிழ் மொழி").size(), 2u);
}

TEST(Languages, Japanese) {
  EXPECT_THAT(Analyze("日本語のテキスト"),
              ElementsAre(Token{"日本", 0, 6, 0, true}, Token{"本語", 3, 9, 1, true},
                          Token{"語の", 6, 12, 2, true}, Token{"のテ", 9, 15, 3, true},
                          Token{"テキ", 12, 18, 4, true}, Token{"キス", 15, 21, 5, true},
                          Token{"スト", 18, 24, 6, true}));
  // Half-width katakana with a separate voicing mark.
  EXPECT_THAT(Analyze("ｶﾞｷ"), ElementsAre(Token{"ガキ", 0, 9, 0, true}));
  EXPECT_EQ(Terms("コーヒー"), "コー ーヒ ヒー");
  EXPECT_EQ(Terms("人々"), "人々");
}

TEST(Languages, Chinese) {
  EXPECT_EQ(Terms("中文搜索，引擎。"), "中文 文搜 搜索 引擎");
  EXPECT_EQ(Terms("我 爱"), "我 爱");
  EXPECT_EQ(Terms("𠮷野家"), "𠮷野 野家");
}

TEST(Languages, Korean) {
  EXPECT_THAT(Analyze("한국어를 한국 책"),
              ElementsAre(Token{"한국어를", 0, 12, 0, true}, Token{"한국", 0, 6, 0, false},
                          Token{"국어", 3, 9, 0, false}, Token{"어를", 6, 12, 0, false},
                          Token{"한국", 13, 19, 1, true}, Token{"책", 20, 23, 2, true}));
}

TEST(Languages, KoreanWithoutSpacesFallsBackToBigrams) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "한국";
  const auto tokens = Analyze(text);
  ASSERT_EQ(tokens.size(), 199u);
  EXPECT_EQ(tokens.back().position, 198u);
  EXPECT_TRUE(tokens.back().counts);
}

TEST(Languages, ThaiKeepsMarksWithTheirLetters) {
  EXPECT_THAT(Analyze("สวัสดี"), ElementsAre(Token{"สวั", 0, 9, 0, true}, Token{"วัส", 3, 12, 1, true},
                                           Token{"สดี", 9, 18, 2, true}));
}

TEST(Languages, OtherScriptsWithoutSpaces) {
  EXPECT_EQ(Terms("ພາສາ"), "ພາ າສ ສາ");
  EXPECT_EQ(Analyze("ភាសាខ្មែរ").front().end % 3, 0u);
  EXPECT_GT(Analyze("မြန်မာ").size(), 1u);
}

TEST(Languages, SerbianServesBothScripts) { EXPECT_EQ(Terms("кућама", "serbian"), "kuć"); }

}  // namespace
}  // namespace cairn::analysis
