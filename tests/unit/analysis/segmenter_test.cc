#include "analysis/segmenter.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace cairn::analysis {
namespace {

class SegmenterTest : public ::testing::Test {
 protected:
  std::string Cut(std::string_view text) {
    Segmenter segmenter(text, *table_, options_);
    std::string out;
    Segment segment;
    while (segmenter.Next(&segment)) {
      const uint32_t end = segment.suffix_end != 0 ? segment.suffix_end : segment.end;
      if (!out.empty()) out += '|';
      out += text.substr(segment.begin, end - segment.begin);
    }
    return out;
  }

  std::unique_ptr<CharTable> table_ = std::make_unique<CharTable>();
  Segmenter::Options options_;
};

TEST_F(SegmenterTest, JoinersNeedTheRightNeighbours) {
  EXPECT_EQ(Cut("can't stop"), "can't|stop");
  EXPECT_EQ(Cut("'quoted' it''s"), "quoted|it|s");
  EXPECT_EQ(Cut("3.14 3. .5 a.5 5.a"), "3.14|3|5|a|5|5|a");
  EXPECT_EQ(Cut("1,2 a,b"), "1,2|a|b");
  EXPECT_EQ(Cut("col\xc2\xb7legi 1\xc2\xb7"
                "2"),
            "col\xc2\xb7legi|1|2");
  EXPECT_EQ(Cut("a..b"), "a|b");
  EXPECT_EQ(Cut("a\"b"), "a|b");
}

TEST_F(SegmenterTest, MarksFollowWhatTheyMark) {
  EXPECT_EQ(Cut("e\xcc\x81t\xcc\x81 x"), "e\xcc\x81t\xcc\x81|x");
  EXPECT_EQ(Cut("\xcc\x81"
                "a"),
            "a");
  EXPECT_EQ(Cut("a.\xcc\x81"
                "b"),
            "a.\xcc\x81"
            "b");  // a mark between does not hide the letter
}

TEST_F(SegmenterTest, ConnectorsAreCutOffTheEnds) {
  EXPECT_EQ(Cut("__a_b__ _ c_"), "a_b|c");
  EXPECT_EQ(Cut("_\xcc\x81"), "");
}

TEST_F(SegmenterTest, ElisionBreaks) {
  EXPECT_EQ(Cut("l'amour"), "l'amour");
  options_.apostrophe_joins = false;
  EXPECT_EQ(Cut("l'amour 1'000"), "l|amour|1'000");
}

TEST_F(SegmenterTest, EmojiSequences) {
  EXPECT_EQ(Cut("👩‍💻👍🏽❤️x"), "👩‍💻|👍🏽|❤️|x");
  EXPECT_EQ(Cut("🇫🇷🇩"), "🇫🇷");
}

TEST_F(SegmenterTest, FactsAboutAWord) {
  Segment segment;
  const auto scan = [&](std::string_view text) {
    return Segmenter(text, *table_, options_).Next(&segment);
  };
  ASSERT_TRUE(scan("abc"));
  EXPECT_TRUE(segment.ascii && segment.has_letter && !segment.has_digit && !segment.joined);
  EXPECT_FALSE(segment.camel);
  EXPECT_EQ(segment.script, CharClass::kLatin);
  ASSERT_TRUE(scan("aBc1_é"));
  EXPECT_TRUE(!segment.ascii && segment.has_digit && segment.joined && segment.camel);
  ASSERT_TRUE(scan("NASA"));
  EXPECT_FALSE(segment.camel);
  ASSERT_TRUE(scan("aж"));
  EXPECT_EQ(segment.script, CharClass::kOther);
  EXPECT_FALSE(scan("-- \xff"));
}

}  // namespace
}  // namespace cairn::analysis
