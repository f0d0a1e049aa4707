#include "base/json.h"

#include <gtest/gtest.h>

#include <string>

#include "support/matchers.h"

namespace cairn::json {
namespace {

TEST(JsonTest, MalformedTextIsRefusedWithItsPlace) {
  for (const char* text :
       {"",        " ",       "{",   "[1,]",  "{\"a\":}", "{\"a\" 1}",  "nul",
        "01",      "1e",      "'a'", "{a:1}", "[1] x",    "1 2",        "\"\x01\"",
        "\"\\x\"", "// c\n1", "NaN", "-",     "\"\xff\"", "[\"a\xc3\"]"}) {
    CAIRN_EXPECT_ERROR(Parse(text, "the filter"), Code::kInvalidArgument,
                       "the filter is not valid");
  }
  CAIRN_EXPECT_ERROR(Parse("{\"a\": ?}", "the filter"), Code::kInvalidArgument, "at byte 6");
  CAIRN_EXPECT_ERROR(Parse("[1] x", "the filter"), Code::kInvalidArgument, "at byte 4");
}

TEST(JsonTest, DeepNestingIsRefusedNotFollowed) {
  std::string deep(100'000, '[');
  CAIRN_EXPECT_ERROR(Parse(deep, "metadata"), Code::kInvalidArgument, "metadata");
}

TEST(JsonTest, NulBytesAndTrailingBytesAreSeen) {
  CAIRN_EXPECT_ERROR(Parse(std::string_view("1\0", 2), "x"), Code::kInvalidArgument, "at byte 1");
  CAIRN_EXPECT_OK(Parse(" 1 \n", "x"));
}

TEST(JsonTest, ValuesComeThrough) {
  auto parsed = Parse(R"({"text":"é\u00e9\n","number":-1.5,"big":9223372036854775807,
                          "unsigned":18446744073709551615,"list":[true,null]})",
                      "x");
  CAIRN_ASSERT_OK(parsed);
  const object& o = parsed->as_object();
  EXPECT_EQ(o.at("text").as_string(), "éé\n");
  EXPECT_EQ(o.at("number").as_double(), -1.5);
  EXPECT_EQ(o.at("big").as_int64(), INT64_MAX);
  EXPECT_EQ(o.at("unsigned").as_uint64(), UINT64_MAX);
  EXPECT_EQ(o.at("list").as_array().size(), 2u);
  EXPECT_EQ(Parse(serialize(*parsed), "x").value(), *parsed);
}

TEST(JsonTest, ParseObjectWantsAnObject) {
  for (const char* text : {"[]", "1", "\"a\"", "null"}) {
    CAIRN_EXPECT_ERROR(ParseObject(text, "metadata"), Code::kInvalidArgument, "not a JSON object");
  }
  auto empty = ParseObject("", "metadata");
  CAIRN_ASSERT_OK(empty);
  EXPECT_TRUE(empty->empty());
  auto one = ParseObject("{\"a\":1}", "metadata");
  CAIRN_ASSERT_OK(one);
  EXPECT_EQ(one->at("a"), 1);
  CAIRN_EXPECT_ERROR(ParseObject("{", "metadata"), Code::kInvalidArgument, "metadata");
}

}  // namespace
}  // namespace cairn::json
