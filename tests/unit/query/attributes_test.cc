#include "query/attributes.h"

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::query {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::vector<Attribute> Of(const storage::DocumentRecord& record) {
  auto attributes = AttributesOf(record);
  EXPECT_TRUE(attributes.ok()) << attributes.status();
  return attributes.ok() ? *attributes : std::vector<Attribute>();
}

TEST(AttributesTest, MetadataThatIsNotAnObjectIsAnError) {
  storage::DocumentRecord record;
  record.metadata_json = "[1]";
  CAIRN_EXPECT_ERROR(AttributesOf(record), Code::kInvalidArgument, "not a JSON object");
}

TEST(AttributesTest, ANestedTagCountsAsItsAncestorsToo) {
  storage::DocumentRecord record;
  record.tags = {"Area/Home/Garden"};
  auto attributes = Of(record);
  for (const char* tag : {"area", "area/home", "area/home/garden"}) {
    EXPECT_THAT(attributes, Contains(Attribute{"tags", CanonicalLabel(tag)})) << tag;
  }
  EXPECT_THAT(attributes, Not(Contains(Attribute{"tags", CanonicalLabel("home")})));
}

TEST(AttributesTest, LabelsCompareWithoutRegardToCaseInAnyScript) {
  EXPECT_EQ(CanonicalLabel("ÜBUNG"), CanonicalLabel("übung"));
  EXPECT_EQ(CanonicalLabel("Хлеб"), CanonicalLabel("хлеб"));
  EXPECT_NE(CanonicalLabel("a"), CanonicalLabel("b"));
}

TEST(AttributesTest, NumbersAreEqualWhenTheirValuesAre) {
  auto number = [](std::string_view text) { return CanonicalValue(*json::Parse(text, "test")); };
  EXPECT_EQ(number("4"), number("4.0"));
  EXPECT_EQ(number("0"), number("-0.0"));
  EXPECT_NE(number("4"), number("4.5"));
  EXPECT_NE(number("4"), number("\"4\""));
  EXPECT_NE(number("true"), number("1"));
}

TEST(AttributesTest, MetadataIsFlattenedAndArraysCountElementByElement) {
  storage::DocumentRecord record;
  record.metadata_json = R"({"a":{"b":[1,{"c":"x"}]},"d":null})";
  auto attributes = Of(record);
  EXPECT_THAT(attributes, Contains(Attribute{MetadataField("a.b"), "n1"}));
  EXPECT_THAT(attributes, Contains(Attribute{MetadataField("a.b.c"), "sx"}));
  EXPECT_THAT(attributes, Contains(Attribute{MetadataField("d"), "z"}));
  EXPECT_EQ(attributes.size(), 3u);
}

TEST(AttributesTest, LongValuesAndNulsStayApartAndOutOfTheKey) {
  std::string long_a(5000, 'a');
  std::string long_b = long_a + "b";
  EXPECT_NE(CanonicalLabel(long_a), CanonicalLabel(long_b));
  EXPECT_LT(CanonicalLabel(long_a).size(), 100u);
  std::string with_nul("a\0b", 3);
  EXPECT_EQ(CanonicalValue(json::value(with_nul)).find('\0'), std::string::npos);
}

}  // namespace
}  // namespace cairn::query
