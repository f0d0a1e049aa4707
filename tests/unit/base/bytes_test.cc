#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/matchers.h"

namespace cairn {
namespace {

std::string VarintOf(uint64_t value) {
  std::string out;
  ByteWriter(&out).Varint(value);
  return out;
}

TEST(ByteReaderTest, ReadingPastTheEndFailsOnceAndForAll) {
  ByteReader reader(std::string_view("\1\2\3", 3));
  EXPECT_EQ(reader.Byte(), 1);
  EXPECT_EQ(reader.Big32(), 0u);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.Byte(), 0);
  EXPECT_EQ(reader.Raw(0), "");
  CAIRN_EXPECT_ERROR(reader.Finish("record"), Code::kDataLoss, "record is shorter");
}

TEST(ByteReaderTest, EveryReadOfNothingFails) {
  auto fails = [](auto read) {
    ByteReader reader("");
    read(reader);
    return reader.failed();
  };
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Byte(), 0); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Big32(), 0u); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Big64(), 0u); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Varint(), 0u); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.SignedVarint(), 0); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Float(), 0.0f); }));
  EXPECT_TRUE(fails([](ByteReader& r) { EXPECT_EQ(r.Text(), ""); }));
  EXPECT_FALSE(fails([](ByteReader& r) { EXPECT_EQ(r.Raw(0), ""); }));
}

TEST(ByteReaderTest, ATextLongerThanTheRestFails) {
  for (uint64_t size : {uint64_t{4}, uint64_t{1} << 40, std::numeric_limits<uint64_t>::max()}) {
    std::string bytes = VarintOf(size) + "abc";
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Text(), "");
    EXPECT_TRUE(reader.failed());
  }
}

TEST(ByteReaderTest, MalformedVarintsFail) {
  std::string nine(9, '\xff');
  for (const std::string& bytes :
       {nine, nine + "\xff", nine + "\x80", nine + "\x02", nine + "\x7f"}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Varint(), 0u);
    EXPECT_TRUE(reader.failed());
  }
  std::string most = nine + "\x01";
  ByteReader reader(most);
  EXPECT_EQ(reader.Varint(), std::numeric_limits<uint64_t>::max());
  CAIRN_EXPECT_OK(reader.Finish("varint"));
}

TEST(ByteReaderTest, LeftoversAreDataLoss) {
  ByteReader reader("ab");
  reader.Byte();
  EXPECT_EQ(reader.remaining(), 1u);
  CAIRN_EXPECT_ERROR(reader.Finish("record"), Code::kDataLoss, "1 bytes too many");
}

TEST(BytesTest, EverythingReadsBack) {
  std::string out;
  ByteWriter writer(&out);
  writer.Byte(255);
  writer.Big32(0xfedcba98u);
  writer.Big64(0xfedcba9876543210u);
  writer.Varint(300);
  writer.SignedVarint(std::numeric_limits<int64_t>::min());
  writer.SignedVarint(-1);
  writer.SignedVarint(std::numeric_limits<int64_t>::max());
  writer.Float(-0.0f);
  writer.Float(std::numeric_limits<float>::denorm_min());
  writer.Float(std::numeric_limits<float>::infinity());
  writer.Text(std::string("a\0b", 3));
  writer.Text("");
  writer.Raw("tail");
  ByteReader reader(out);
  EXPECT_EQ(reader.Byte(), 255);
  EXPECT_EQ(reader.Big32(), 0xfedcba98u);
  EXPECT_EQ(reader.Big64(), 0xfedcba9876543210u);
  EXPECT_EQ(reader.Varint(), 300u);
  EXPECT_EQ(reader.SignedVarint(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.SignedVarint(), -1);
  EXPECT_EQ(reader.SignedVarint(), std::numeric_limits<int64_t>::max());
  float zero = reader.Float();
  EXPECT_TRUE(zero == 0 && std::signbit(zero));
  EXPECT_EQ(reader.Float(), std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(reader.Float(), std::numeric_limits<float>::infinity());
  EXPECT_EQ(reader.Text(), std::string_view("a\0b", 3));
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Raw(4), "tail");
  CAIRN_EXPECT_OK(reader.Finish("record"));
}

TEST(BytesTest, FixedWidthIsBigEndian) {
  std::string out;
  ByteWriter(&out).Big32(0x01020304);
  ByteWriter(&out).Big64(0x0102030405060708);
  EXPECT_EQ(out, std::string("\1\2\3\4\1\2\3\4\5\6\7\10", 12));
}

TEST(BytesTest, VarintsAreAsShortAsTheyCanBe) {
  EXPECT_EQ(VarintOf(0), std::string(1, '\0'));
  EXPECT_EQ(VarintOf(127).size(), 1u);
  EXPECT_EQ(VarintOf(128), "\x80\x01");
  EXPECT_EQ(VarintOf(std::numeric_limits<uint64_t>::max()).size(), 10u);
  std::string out;
  ByteWriter(&out).SignedVarint(-64);
  EXPECT_EQ(out.size(), 1u);
}

TEST(BytesTest, RandomVarintsReadBack) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 10'000; ++i) {
    uint64_t value = random() >> (random() % 64);
    std::string out = VarintOf(value);
    ByteWriter(&out).SignedVarint(static_cast<int64_t>(value));
    ByteReader reader(out);
    ASSERT_EQ(reader.Varint(), value);
    ASSERT_EQ(reader.SignedVarint(), static_cast<int64_t>(value));
    ASSERT_TRUE(reader.Finish("varints").ok());
  }
}

/// The definition of UTF-8, decoded the slow way.
bool DecodesAsUtf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    uint8_t first = static_cast<uint8_t>(bytes[i]);
    size_t length = first < 0x80             ? 1
                    : (first & 0xe0) == 0xc0 ? 2
                    : (first & 0xf0) == 0xe0 ? 3
                    : (first & 0xf8) == 0xf0 ? 4
                                             : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    uint32_t point = length == 1 ? first : first & (0x7fu >> length);
    for (size_t k = 1; k < length; ++k) {
      uint8_t next = static_cast<uint8_t>(bytes[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return false;
    }
    i += length;
  }
  return true;
}

TEST(Utf8Test, MalformedTextIsRecognised) {
  for (const char* bytes : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xe2\x82",
                            "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80", "\xff", "a\xfe", "\xc3\x28", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(IsValidUtf8(bytes)) << bytes;
  }
}

TEST(Utf8Test, WellFormedTextIsRecognised) {
  for (const char* text : {"", "ascii", "é", "日本語", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xc2\x80"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
    EXPECT_EQ(ToValidUtf8(text), text);
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("a\0b", 3)));
}

TEST(Utf8Test, AgreesWithTheDefinitionOnRandomBytes) {
  std::mt19937 random(17);
  const uint8_t likely[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
                            0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5};
  int valid = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes;
    for (size_t n = 1 + random() % 5; n > 0; --n) {
      bytes.push_back(static_cast<char>(likely[random() % sizeof likely]));
    }
    bool expected = DecodesAsUtf8(bytes);
    ASSERT_EQ(IsValidUtf8(bytes), expected);
    ASSERT_TRUE(DecodesAsUtf8(ToValidUtf8(bytes)));
    valid += expected ? 1 : 0;
  }
  EXPECT_GT(valid, 1000);
}

TEST(Utf8Test, EveryBadByteBecomesAReplacementCharacter) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(ToValidUtf8("a\xff\x62"), "a" + r + "b");
  EXPECT_EQ(ToValidUtf8("\xe2\x82"), r + r);
  EXPECT_EQ(ToValidUtf8("\xe2\x82x"), r + r + "x");
  EXPECT_EQ(ToValidUtf8("\xed\xa0\x80é"), r + r + r + "é");
}

}  // namespace
}  // namespace cairn
