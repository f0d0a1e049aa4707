#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cairn {
namespace {

// Hashes are stored on disk: these values must never change.
TEST(HashTest, ValuesAreThoseOfXxh3) {
  EXPECT_EQ(HashBytes(""), 0x2d06800538d394c2u);
  EXPECT_EQ(HashContent("").ToHex(), "99aa06d3014798d86001c324468d497f");
}

TEST(HashTest, EveryByteAndTheSeedMatter) {
  std::set<uint64_t> hashes;
  std::set<std::string> contents;
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, 'x');
    hashes.insert(HashBytes(bytes));
    contents.insert(HashContent(bytes).ToHex());
    for (size_t i = 0; i < size; i += 7) {
      bytes[i] = 'y';
      hashes.insert(HashBytes(bytes));
      contents.insert(HashContent(bytes).ToHex());
      bytes[i] = 'x';
    }
  }
  EXPECT_EQ(hashes.size(), contents.size());
  EXPECT_GT(hashes.size(), 6000u);
  EXPECT_NE(HashBytes("a", 1), HashBytes("a", 2));
  EXPECT_EQ(HashBytes("a"), HashBytes("a", 0));
}

TEST(HashTest, HexHasTheHighHalfFirstAndLeadingZeros) {
  EXPECT_EQ((Hash128{1, 0}).ToHex(), "00000000000000000000000000000001");
  EXPECT_EQ((Hash128{0xfedcba9876543210u, 0x0123456789abcdefu}).ToHex(),
            "0123456789abcdeffedcba9876543210");
}

TEST(HashTest, ComparesByValue) {
  EXPECT_EQ((Hash128{1, 2}), (Hash128{1, 2}));
  EXPECT_NE((Hash128{1, 2}), (Hash128{2, 1}));
}

}  // namespace
}  // namespace cairn
