#include "analysis/char_class.h"

#include <memory>

#include <gtest/gtest.h>

namespace cairn::analysis {
namespace {

TEST(DecodeChar, EndAndBadBytes) {
  EXPECT_EQ(DecodeChar("", 0).size, 0u);
  for (std::string_view bad : {"\x80", "\xff", "\xc3", "\xe2\x82", "\xc0\x80", "\xe0\x80\x80",
                               "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xc3("}) {
    const Char c = DecodeChar(bad, 0);
    EXPECT_EQ(c.code, 0xfffdu);
    EXPECT_EQ(c.size, 1u);
  }
}

TEST(DecodeChar, EveryLength) {
  const std::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf";
  EXPECT_EQ(DecodeChar(text, 0).code, uint32_t{'a'});
  EXPECT_EQ(DecodeChar(text, 1).code, 0xe9u);
  EXPECT_EQ(DecodeChar(text, 3).code, 0x20acu);
  EXPECT_EQ(DecodeChar(text, 6).code, 0x1f600u);
  EXPECT_EQ(DecodeChar(text, 10).code, 0x10ffffu);
}

TEST(CharTable, ClassesOfNote) {
  const auto table = std::make_unique<CharTable>();
  const auto of = [&](uint32_t code) { return table->Class(code); };
  EXPECT_EQ(of('a'), CharClass::kLatin);
  EXPECT_EQ(of('7'), CharClass::kDigit);
  EXPECT_EQ(of('_'), CharClass::kConnector);
  EXPECT_EQ(of(':'), CharClass::kOther);
  EXPECT_EQ(of(0), CharClass::kOther);
  EXPECT_EQ(of(0x2019), CharClass::kQuote);
  EXPECT_EQ(of(0x301), CharClass::kExtend);
  EXPECT_EQ(of(0x200b), CharClass::kOther);
  EXPECT_EQ(of(0x200d), CharClass::kExtend);
  EXPECT_EQ(of(0x430), CharClass::kCyrillic);
  EXPECT_EQ(of(0xac00), CharClass::kHangul);
  EXPECT_EQ(of(0x30fb), CharClass::kOther);  // katakana middle dot is punctuation
  EXPECT_EQ(of(0x30fc), CharClass::kCjk);
  EXPECT_EQ(of(0x20bb7), CharClass::kCjk);
  EXPECT_EQ(of(0xe01), CharClass::kThai);
  EXPECT_EQ(of(0x1f600), CharClass::kEmoji);
  EXPECT_EQ(of(0xa9), CharClass::kOther);
  EXPECT_EQ(of(0xfffd), CharClass::kOther);
  EXPECT_EQ(of(0x13a0), CharClass::kOtherLetter);  // Cherokee
  EXPECT_TRUE(table->IsUpper('A'));
  EXPECT_TRUE(table->IsUpper(0x10400));
  EXPECT_FALSE(table->IsUpper('a'));
}

}  // namespace
}  // namespace cairn::analysis
