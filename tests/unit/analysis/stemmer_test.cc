#include "analysis/stemmer.h"

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::analysis {
namespace {

std::string Stem(StemmerSet* stemmers, CharClass script, std::string word) {
  stemmers->Stem(script, &word);
  return word;
}

TEST(StemmerPlan, RefusesUnknownLanguages) {
  CAIRN_EXPECT_ERROR(StemmerPlan::Create("latin"), Code::kInvalidArgument, "\"latin\"");
}

TEST(StemmerPlan, FingerprintTellsLanguagesApart) {
  const std::string english = StemmerPlan::Create("english")->Fingerprint();
  EXPECT_EQ(english.size(), 8u);
  EXPECT_EQ(english, StemmerPlan::Create("english")->Fingerprint());
  EXPECT_NE(english, StemmerPlan::Create("none")->Fingerprint());
}

TEST(StemmerSet, MemoryOfWordsDoesNotMixThemUp) {
  StemmerSet stemmers(*StemmerPlan::Create("english"));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20000; ++i) {  // many more words than the memory holds
      const std::string base = StrCat("w", i, "x");
      ASSERT_EQ(Stem(&stemmers, CharClass::kLatin, base + "ings"), base + "ing");
    }
  }
  // The same bytes under another script are another word.
  EXPECT_EQ(Stem(&stemmers, CharClass::kLatin, "running"), "run");
  EXPECT_EQ(Stem(&stemmers, CharClass::kOther, "running"), "running");
  EXPECT_EQ(Stem(&stemmers, CharClass::kGreek, "running"), "running");
  EXPECT_EQ(Stem(&stemmers, CharClass::kLatin, "running"), "run");
}

TEST(StemmerSet, WordsLongerThanTheMemoryHolds) {
  StemmerSet stemmers(*StemmerPlan::Create("english"));
  const std::string base(40, 'b');
  EXPECT_EQ(Stem(&stemmers, CharClass::kLatin, StrCat(base, "a", base, "s")),
            StrCat(base, "a", base));
}

TEST(StemmerSet, NothingIsStemmedAway) {
  StemmerSet stemmers(*StemmerPlan::Create("english"));
  for (const char* word : {"s", "ing", "'s", "a"}) {
    EXPECT_FALSE(Stem(&stemmers, CharClass::kLatin, word).empty()) << word;
  }
}

}  // namespace
}  // namespace cairn::analysis
