#include "text/snippet_source.h"

#include <gmock/gmock.h>

namespace cairn::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Flatten, BlanksBecomeOneSpace) {
  EXPECT_EQ(Flatten("").text, "");
  EXPECT_EQ(Flatten(" \n\t ").text, "");
  EXPECT_THAT(Flatten(" \n").sentence_starts, IsEmpty());
  EXPECT_EQ(Flatten("  a \t\r\n b\xc2\xa0\xe3\x80\x80"
                    "c\x01 ")
                .text,
            "a b c");
  EXPECT_EQ(Flatten(std::string_view("a\0b", 3)).text, "a b");
}

TEST(Flatten, BadBytesAreReplaced) {
  EXPECT_EQ(Flatten("a\xff"
                    "b\xe2\x82")
                .text,
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Flatten, FindsSentences) {
  EXPECT_THAT(Flatten("One. Two! \"Three?\" Four").sentence_starts, ElementsAre(0u, 5u, 10u, 19u));
  EXPECT_THAT(Flatten("1.5 and e.g").sentence_starts, ElementsAre(0u));
  EXPECT_THAT(Flatten("wrapped\nline").sentence_starts, ElementsAre(0u));
  EXPECT_THAT(Flatten("para\n\npara\n- item").sentence_starts, ElementsAre(0u, 5u, 10u));
  EXPECT_THAT(Flatten("一。二").sentence_starts, ElementsAre(0u, 6u));
  EXPECT_THAT(Flatten("「一。」二").sentence_starts, ElementsAre(0u, 12u));
}

TEST(Places, CountCharacters) {
  const std::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  EXPECT_EQ(CountChars(text), 5u);
  EXPECT_EQ(Advance(text, 0, 3), 6u);
  EXPECT_EQ(Advance(text, 6, 100), text.size());
  EXPECT_EQ(Retreat(text, text.size(), 2), 6u);
  EXPECT_EQ(Retreat(text, 3, 100), 0u);
}

}  // namespace
}  // namespace cairn::text
