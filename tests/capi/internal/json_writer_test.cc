#include "capi/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/json.h"

namespace cairn::capi {
namespace {

std::string Written(void (*write)(JsonWriter&)) {
  JsonWriter json;
  write(json);
  return json.Take();
}

std::string Number(double number, int digits) {
  JsonWriter json;
  json.Number(number, digits);
  return json.Take();
}

std::string Time(int64_t unix_ns) {
  JsonWriter json;
  json.Time(unix_ns);
  return json.Take();
}

std::string Text(std::string_view text) {
  JsonWriter json;
  json.Text(text);
  return json.Take();
}

TEST(JsonWriter, NestsInTheOrderOfTheCalls) {
  EXPECT_EQ(Written([](JsonWriter& json) {
              json.BeginObject();
              json.Key("b");
              json.BeginArray();
              json.Integer(1);
              json.BeginObject();
              json.EndObject();
              json.BeginArray();
              json.EndArray();
              json.Null();
              json.EndArray();
              json.Key("a");
              json.Boolean(false);
              json.EndObject();
            }),
            R"({"b":[1,{},[],null],"a":false})");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  EXPECT_EQ(Text("a\"b\\c\n\r\t\x01\x1f/\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f/\x7f\"");
  EXPECT_EQ(Text(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(Text("\xe5\x87\xba"), "\"\xe5\x87\xba\"");
  EXPECT_EQ(Text("x\xff"), "\"x\xef\xbf\xbd\"");
}

TEST(JsonWriter, EveryByteSurvivesAParser) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  auto parsed = json::Parse(Text(all), "text");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(std::string_view(parsed->as_string()), all);
}

TEST(JsonWriter, RoundsNumbers) {
  EXPECT_EQ(Number(0, 6), "0");
  EXPECT_EQ(Number(-0.0000001, 6), "0");
  EXPECT_EQ(Number(2, 6), "2");
  EXPECT_EQ(Number(0.12345678, 6), "0.123457");
  EXPECT_EQ(Number(-1.5, 3), "-1.5");
  EXPECT_EQ(Number(1234.5678, 3), "1234.568");
  EXPECT_EQ(Number(1e300, 6), "1e+300");
  EXPECT_EQ(Number(std::numeric_limits<double>::infinity(), 6), "null");
  EXPECT_EQ(Number(std::nan(""), 6), "null");
  EXPECT_EQ(Written([](JsonWriter& json) { json.Integer(UINT64_MAX); }), "18446744073709551615");
}

TEST(JsonWriter, CompactsJsonMadeElsewhere) {
  JsonWriter json;
  json.Json("{ \"a b\" : [ 1 ,\n 2.5 ], \"c\\\" d\\\\\" : \" e \" }\n");
  EXPECT_EQ(json.Take(), R"({"a b":[1,2.5],"c\" d\\":" e "})");
  JsonWriter none;
  none.Json("");
  EXPECT_EQ(none.Take(), "{}");
}

TEST(JsonWriter, WritesTimesAsRfc3339) {
  EXPECT_EQ(Time(0), "null");
  EXPECT_EQ(Time(1), R"("1970-01-01T00:00:00.000000001Z")");
  EXPECT_EQ(Time(1709210096000000000), R"("2024-02-29T12:34:56Z")");
  EXPECT_EQ(Time(1709210096120000000), R"("2024-02-29T12:34:56.120Z")");
  EXPECT_EQ(Time(1709210096000400000), R"("2024-02-29T12:34:56.000400Z")");
  EXPECT_EQ(Time(-1), R"("1969-12-31T23:59:59.999999999Z")");
  EXPECT_EQ(Time(std::numeric_limits<int64_t>::max()), R"("2262-04-11T23:47:16.854775807Z")");
  EXPECT_EQ(Time(std::numeric_limits<int64_t>::min()), R"("1677-09-21T00:12:43.145224192Z")");
}

}  // namespace
}  // namespace cairn::capi
