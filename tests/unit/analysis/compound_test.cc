#include "analysis/compound.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace cairn::analysis {
namespace {

std::string Split(std::string_view word) {
  static const auto* table = new CharTable();
  std::vector<Part> parts;
  SplitCompound(word, *table, &parts);
  std::string out;
  for (const Part& part : parts) {
    if (!out.empty()) out += '|';
    out += word.substr(part.begin, part.end - part.begin);
  }
  return out;
}

TEST(SplitCompound, ChangesOfCase) {
  EXPECT_EQ(Split("word"), "word");
  EXPECT_EQ(Split("fooBarBaz"), "foo|Bar|Baz");
  EXPECT_EQ(Split("HTTPServer"), "HTTP|Server");
  EXPECT_EQ(Split("parseHTTP"), "parse|HTTP");
  EXPECT_EQ(Split("URLs"), "URLs");
  EXPECT_EQ(Split("utf8Name"), "utf8|Name");
  EXPECT_EQ(Split("naïveÉtat"), "naïve|État");
}

TEST(SplitCompound, Separators) {
  EXPECT_EQ(Split("a_b.c,d"), "a|b|c|d");
  EXPECT_EQ(Split("1.2.3"), "1|2|3");
  EXPECT_EQ(Split("a__b"), "a|b");
  EXPECT_EQ(Split(""), "");
  EXPECT_EQ(Split("don't.stop"), "don't|stop");
}

TEST(SplitCompound, PartsTellScriptAndContents) {
  const auto table = std::make_unique<CharTable>();
  std::vector<Part> parts;
  SplitCompound("ab1_жж_aж", *table, &parts);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].script, CharClass::kLatin);
  EXPECT_EQ(parts[0].letters, 2u);
  EXPECT_EQ(parts[0].digits, 1u);
  EXPECT_EQ(parts[1].script, CharClass::kCyrillic);
  EXPECT_EQ(parts[2].script, CharClass::kOther);
}

TEST(IsGroupedNumber, OnlyGroupsOfThree) {
  for (const char* yes : {"1,234", "12,345,678", "999,000.25"}) EXPECT_TRUE(IsGroupedNumber(yes));
  for (const char* no : {"", "1", "1234", "1234,567", "1,23", "1,2345", ",123", "1,234,", "1,234x",
                         "1,234.5.6", "1.234"}) {
    EXPECT_FALSE(IsGroupedNumber(no)) << no;
  }
}

TEST(IsAcronym, SingleLettersWithStops) {
  for (const char* yes : {"u.s", "u.s.a"}) EXPECT_TRUE(IsAcronym(yes));
  for (const char* no : {"", "u", "u.", "u.s.", "us.a", "1.2", "u_s"}) {
    EXPECT_FALSE(IsAcronym(no)) << no;
  }
}

}  // namespace
}  // namespace cairn::analysis
