#include "analysis/analyzer.h"

#include <thread>

#include <gmock/gmock.h>

#include "tokens.h"

namespace cairn::analysis {
namespace {

using test::Analyze;
using test::MakeAnalyzer;
using test::Terms;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AnalyzerCreate, UnknownLanguageFailsAndListsThoseThereAre) {
  for (const char* language : {"klingon", "", "English", "en", "none "}) {
    auto analyzer = Analyzer::Create({language});
    CAIRN_EXPECT_ERROR(analyzer, Code::kInvalidArgument, "none, arabic");
    EXPECT_THAT(std::string(analyzer.status().message()), HasSubstr("turkish"));
  }
}

TEST(AnalyzerCreate, IdentityNamesWhatShapesTheTerms) {
  const std::string english = MakeAnalyzer("english")->identity();
  EXPECT_THAT(english, HasSubstr("standard/"));
  EXPECT_THAT(english, HasSubstr("english"));
  EXPECT_THAT(english, HasSubstr("utf8proc-"));
  EXPECT_THAT(english, HasSubstr("snowball-"));
  EXPECT_EQ(english, MakeAnalyzer("english")->identity());
  EXPECT_NE(english, MakeAnalyzer("german")->identity());
  EXPECT_NE(english, MakeAnalyzer("none")->identity());
}

TEST(Analyzer, NoWordsGiveNoTokens) {
  for (std::string_view text : {"", " ", "\n\t", "---", "***", "_", "__ _", "...", "\xef\xbb\xbf",
                                "\xe2\x80\x8b", "\xcc\x81", "\xff\xfe", "\xe2\x84\xa2"}) {
    EXPECT_THAT(Analyze(text), IsEmpty()) << text;
  }
}

TEST(Analyzer, ClearsWhatWasInTheVector) {
  std::vector<Token> tokens(3);
  MakeAnalyzer()->Analyze("", &tokens);
  EXPECT_THAT(tokens, IsEmpty());
}

TEST(Analyzer, PlainWordsAreFoldedAndStemmed) {
  EXPECT_THAT(Analyze("The Quick foxes."),
              ElementsAre(Token{"the", 0, 3, 0, true}, Token{"quick", 4, 9, 1, true},
                          Token{"fox", 10, 15, 2, true}));
  EXPECT_EQ(Terms("running RUNS run", "none"), "running runs run");
}

TEST(Analyzer, BadBytesSeparateAndKeepOffsets) {
  EXPECT_THAT(Analyze("ab\xff"
                      "cd"),
              ElementsAre(Token{"ab", 0, 2, 0, true}, Token{"cd", 3, 5, 1, true}));
  // A truncated sequence, an overlong slash, a surrogate, beyond U+10FFFF.
  for (std::string_view bad : {"\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    const std::string text = StrCat("x", bad, "yes");
    const auto begin = static_cast<uint32_t>(1 + bad.size());
    EXPECT_THAT(Analyze(text),
                ElementsAre(Token{"x", 0, 1, 0, true}, Token{"yes", begin, begin + 3, 1, true}));
  }
}

TEST(Analyzer, NulBytesSeparate) {
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(Analyze("ab\0cd\0"sv),
              ElementsAre(Token{"ab", 0, 2, 0, true}, Token{"cd", 3, 5, 1, true}));
}

TEST(Analyzer, TooLongWordsAreDroppedButTakeTheirPosition) {
  for (size_t size : {size_t{256}, size_t{5000}, size_t{2000000}}) {
    const std::string text = StrCat("a ", std::string(size, 'x'), " b");
    const auto begin = static_cast<uint32_t>(size + 3);
    EXPECT_THAT(Analyze(text),
                ElementsAre(Token{"a", 0, 1, 0, true}, Token{"b", begin, begin + 1, 2, true}));
  }
  EXPECT_EQ(Analyze(std::string(255, 'x')).size(), 1u);
}

TEST(Analyzer, LengthIsJudgedAfterNormalisation) {
  // 100 times e + combining acute: 300 bytes that compose into 200.
  std::string text;
  for (int i = 0; i < 100; ++i) text += "e\xcc\x81";
  const auto tokens = Analyze(text, "none");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].term.size(), 200u);
  EXPECT_EQ(tokens[1].term, std::string(100, 'e'));
}

TEST(Analyzer, ApostrophesJoinAndPossessivesGo) {
  EXPECT_EQ(Terms("dog's dog’s dogs' 'dog' don't"), "dog dog dog dog don't");
  EXPECT_EQ(Terms("DON’T", "none"), "don't");
  EXPECT_EQ(Terms("l'amour dell’arte", "italian"), Terms("l amour dell arte", "italian"));
  EXPECT_EQ(Terms("geht's", "none"), "geht's");
}

TEST(Analyzer, OffsetsPointIntoTheOriginal) {
  // Ligature fi (3 bytes), full-width letters (3 bytes each), decomposed e acute (3 bytes).
  EXPECT_THAT(Analyze("x \xef\xac\x81n \xef\xbc\xa1\xef\xbc\xa2 cafe\xcc\x81!", "none"),
              ElementsAre(Token{"x", 0, 1, 0, true}, Token{"fin", 2, 6, 1, true},
                          Token{"ab", 7, 13, 2, true}, Token{"caf\xc3\xa9", 14, 20, 3, true},
                          Token{"cafe", 14, 20, 3, false}));
}

TEST(Analyzer, ComposedAndDecomposedAgree) {
  EXPECT_EQ(Terms("Z\xc3\xbcrich caf\xc3\xa9"), Terms("Zu\xcc\x88rich cafe\xcc\x81"));
  EXPECT_EQ(Terms("\xed\x95\x9c\xea\xb5\xad"),  // Hangul syllables and their jamo
            Terms("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xae\xe1\x86\xa8"));
}

TEST(Analyzer, InvisibleCharactersInsideWordsVanish) {
  EXPECT_EQ(Terms("soft\xc2\xadhyphen", "none"), "softhyphen");
  EXPECT_EQ(Terms("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", "none"), "\xd9\x85\xdb\x8c\xd8\xae");
  EXPECT_EQ(Terms("zero\xe2\x80\x8bwidth", "none"), "zero width");
}

TEST(Analyzer, DiacriticsKeepTheirFormAndGetAPlainOne) {
  EXPECT_EQ(Terms("caf\xc3\xa9 cafes"), "caf\xc3\xa9/cafe~ cafe");
  EXPECT_EQ(Terms("S\xc3\xb8ren \xc5\x81\xc3\xb3"
                  "d\xc5\xba",
                  "none"),
            "s\xc3\xb8ren/soren~ \xc5\x82\xc3\xb3"
            "d\xc5\xba/lodz~");
  EXPECT_EQ(Terms("Stra\xc3\x9f"
                  "e",
                  "none"),
            "strasse");
  EXPECT_EQ(Terms("\xd0\xb9", "none"), "\xd0\xb9");  // Cyrillic short i is a letter of its own
}

TEST(Analyzer, TurkishDottedCapitalStaysFindable) {
  EXPECT_EQ(Terms("\xc4\xb0stanbul", "none"), "i\xcc\x87stanbul/istanbul~");
  EXPECT_EQ(Terms("d\xc4\xb1\xc5\x9f", "none"), "d\xc4\xb1\xc5\x9f/dis~");
}

TEST(Analyzer, IdentifiersComeWholeAndInParts) {
  EXPECT_THAT(Analyze("fooBars"),
              ElementsAre(Token{"foobar", 0, 7, 0, true}, Token{"foo", 0, 3, 0, false},
                          Token{"bar", 3, 7, 0, false}));
  EXPECT_EQ(Terms("HTTPServer"), "httpserver/http~/server~");
  EXPECT_EQ(Terms("snake_cases"), "snake_cases/snake~/case~");
  EXPECT_EQ(Terms("MAX_size2"), "max_size2/max~/size2~");
  EXPECT_EQ(Terms("std::vector"), "std vector");
  EXPECT_EQ(Terms("well-known"), "well known");
  EXPECT_EQ(Terms("foo_foo"), "foo_foo/foo~");
  EXPECT_EQ(Terms("URLs IDs"), "url id");
  EXPECT_EQ(Terms("x_i"), "x_i");
}

TEST(Analyzer, UnderscoresAroundAWordGo) {
  EXPECT_THAT(Analyze("_word_ __init__"),
              ElementsAre(Token{"word", 1, 5, 0, true}, Token{"init", 9, 13, 1, true}));
}

TEST(Analyzer, EncodedDataGivesNoParts) {
  std::string encoded;
  for (int i = 0; i < 8; ++i) encoded += "aGVsbG8gd29ybGQgSm9l";
  EXPECT_EQ(Analyze(encoded).size(), 1u);
}

TEST(Analyzer, NumbersAndVersions) {
  EXPECT_EQ(Terms("1.2.3"), "1.2.3/1~/2~/3~");
  EXPECT_EQ(Terms("v1.2.3-rc1"), "v1.2.3/v1~/2~/3~ rc1");
  EXPECT_EQ(Terms("3.14"), "3.14/3~/14~");
  EXPECT_EQ(Terms("10,000 1,234,567.5"), "10,000/10000~ 1,234,567.5/1234567.5~");
  EXPECT_EQ(Terms("1,2,3"), "1,2,3/1~/2~/3~");
  EXPECT_EQ(Terms("42."), "42");
  EXPECT_EQ(Terms("2024-01-31"), "2024 01 31");
  EXPECT_EQ(Terms("m\xc2\xb2"), "m2");
}

TEST(Analyzer, DottedNamesAndAcronyms) {
  EXPECT_EQ(Terms("example.com"), "example.com/exampl~/com~");
  EXPECT_EQ(Terms("notes.md."), "notes.md/note~/md~");
  EXPECT_EQ(Terms("U.S.A."), "u.s.a/usa~");
  EXPECT_EQ(Terms("End. Start"), "end start");
}

TEST(Analyzer, LanguageNamesWithSigns) {
  EXPECT_THAT(Analyze("C++"), ElementsAre(Token{"c++", 0, 3, 0, true}, Token{"c", 0, 1, 0, false}));
  EXPECT_EQ(Terms("C#, F#"), "c#/c~ f#/f~");
  EXPECT_EQ(Terms("C++20"), "c++/c~ 20");
  EXPECT_EQ(Terms("a++b 1++ #tag ## x"), "a b 1 tag x");
}

TEST(Analyzer, EmojiAreTerms) {
  EXPECT_THAT(Analyze("a \xf0\x9f\x98\x80\xf0\x9f\x98\x80"),
              ElementsAre(Token{"a", 0, 1, 0, true}, Token{"\xf0\x9f\x98\x80", 2, 6, 1, true},
                          Token{"\xf0\x9f\x98\x80", 6, 10, 2, true}));
  EXPECT_EQ(Terms("👍🏽"), "👍");
  EXPECT_EQ(Terms("❤️"), "❤");
  EXPECT_EQ(Analyze("👨‍👩‍👧").size(), 1u);
  EXPECT_EQ(Terms("🇫🇷🇩🇪"), "🇫🇷 🇩🇪");
  EXPECT_EQ(Terms("🇫"), "");
  EXPECT_EQ(Terms("#🌱garden"), "🌱 garden");
}

TEST(Analyzer, MixedScriptsSplitWhereTheyShould) {
  EXPECT_EQ(Terms("API를"), "api 를");
  EXPECT_EQ(Terms("Unicode用"), "unicod 用");
  EXPECT_EQ(Terms("2024年"), "2024 年");
  EXPECT_EQ(Terms("Москва-Paris"), "москв pari");
  EXPECT_EQ(Terms("runningй"), "runningй");  // letters of two scripts: no stemmer fits
}

TEST(Analyzer, ThreadsAgree) {
  const auto analyzer = MakeAnalyzer();
  const std::string text =
      "Running foxes jump over HashMaps, caf\xc3\xa9s and 日本語 v1.2.3 текстами";
  std::vector<Token> expected;
  analyzer->Analyze(text, &expected);
  std::vector<int> wrong(8);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      std::vector<Token> tokens;
      for (int i = 0; i < 500; ++i) {
        analyzer->Analyze(text, &tokens);
        if (tokens != expected) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

}  // namespace
}  // namespace cairn::analysis
