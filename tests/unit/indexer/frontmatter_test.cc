#include "indexer/frontmatter.h"

#include <gmock/gmock.h>

#include <string>

#include "indexer/dates.h"
#include "indexer/parser.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;

Document Parse(std::string_view bytes) {
  return ParseDocument("dir/note.md", bytes, Format::kMarkdown, {});
}

std::string Front(std::string_view yaml, std::string_view body = "Body text.\n") {
  return "---\n" + std::string(yaml) + "\n---\n" + std::string(body);
}

TEST(Frontmatter, BrokenYamlIsAWarningAndTheBodyIsStillThere) {
  std::string bytes = Front("title: [unclosed\ntags: x", "# Head\n\nBody text.\n");
  Document d = Parse(bytes);
  ASSERT_EQ(d.warnings.size(), 1u);
  EXPECT_THAT(d.warnings[0], HasSubstr("frontmatter line "));
  EXPECT_EQ(d.title, "Head");
  ASSERT_EQ(d.chunks.size(), 1u);
  EXPECT_EQ(bytes.substr(d.chunks[0].begin), "# Head\n\nBody text.\n");
  EXPECT_EQ(d.chunks[0].line, 5u);
}

TEST(Frontmatter, ErrorLineCountsFromTheTopOfTheFile) {
  Document d = Parse("---\nok: 1\n\tbad: tab\n---\nx\n");
  ASSERT_EQ(d.warnings.size(), 1u);
  EXPECT_THAT(d.warnings[0], HasSubstr("frontmatter line 3"));
}

TEST(Frontmatter, WithoutAnEndItIsText) {
  Document d = Parse("---\ntitle: x\n\nmore\n");
  EXPECT_EQ(d.title, "note");
  EXPECT_THAT(d.warnings, IsEmpty());
  ASSERT_FALSE(d.chunks.empty());
  EXPECT_THAT(d.chunks[0].text, HasSubstr("title: x"));
}

TEST(Frontmatter, NoMappingIsTextWithAWarning) {
  Document d = Parse("---\nJust a remark\n---\nBody.\n");
  ASSERT_EQ(d.warnings.size(), 1u);
  EXPECT_THAT(d.warnings[0], HasSubstr("no mapping"));
  ASSERT_FALSE(d.chunks.empty());
  EXPECT_THAT(d.chunks[0].text, HasSubstr("Just a remark"));
}

TEST(Frontmatter, OnlyOnTheFirstLine) {
  EXPECT_EQ(Parse("\n---\ntitle: x\n---\n").title, "title: x");
  EXPECT_EQ(Parse(" ---\ntitle: x\n---\n").title, "title: x");
  EXPECT_EQ(Parse("----\ntitle: x\n---\n").title, "title: x");
}

TEST(Frontmatter, BomCrlfAndDotsAreFine) {
  std::string bytes = "\xEF\xBB\xBF---\r\ntitle: T\r\n...\r\nBody.\r\n";
  Document d = Parse(bytes);
  EXPECT_EQ(d.title, "T");
  ASSERT_EQ(d.chunks.size(), 1u);
  EXPECT_EQ(d.chunks[0].text, "Body.");
  EXPECT_EQ(bytes.substr(d.chunks[0].begin, d.chunks[0].end - d.chunks[0].begin), "Body.");
  EXPECT_EQ(d.chunks[0].line, 4u);
}

TEST(Frontmatter, EmptyIsNothing) {
  Document d = Parse("---\n---\nBody.\n");
  EXPECT_THAT(d.warnings, IsEmpty());
  EXPECT_EQ(d.metadata_json, "{}");
  EXPECT_EQ(d.chunks.at(0).line, 3u);
}

TEST(Frontmatter, KnownFieldsAreTakenWithoutCase) {
  Document d = Parse(Front("Title: A\nTYPE: note\nStatus: active\ndescription: what"));
  EXPECT_EQ(d.title, "A");
  EXPECT_EQ(d.type, "note");
  EXPECT_EQ(d.status, "active");
  EXPECT_EQ(d.description, "what");
  EXPECT_EQ(d.metadata_json, "{}");
}

TEST(Frontmatter, ScalarFieldsMayBeNumbersOrNull) {
  EXPECT_EQ(Parse(Front("title: 2024")).title, "2024");
  EXPECT_EQ(Parse(Front("title: ~")).title, "note");
  EXPECT_EQ(Parse(Front("title: \"  \"")).title, "note");
  EXPECT_EQ(Parse(Front("title: [a, b]")).metadata_json, R"({"title":["a","b"]})");
}

TEST(Frontmatter, TagsInAllSpellings) {
  auto tags = [](std::string_view yaml) { return Parse(Front(yaml)).tags; };
  EXPECT_THAT(tags("tags: [a, '#b', A, c d]"), ElementsAre("a", "b", "c d"));
  EXPECT_THAT(tags("tags:\n  - a\n  - b/c"), ElementsAre("a", "b/c"));
  EXPECT_THAT(tags("tags: a, b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(tags("tags: '#a #b'"), ElementsAre("a", "b"));
  EXPECT_THAT(tags("tags: 2024"), ElementsAre("2024"));
  EXPECT_THAT(tags("tags:"), IsEmpty());
  EXPECT_THAT(tags("tags: [~, '', [x]]"), IsEmpty());
  EXPECT_THAT(tags("tag: one"), ElementsAre("one"));
}

TEST(Frontmatter, AliasesAreAlwaysAList) {
  EXPECT_EQ(Parse(Front("aliases: One, Two words")).metadata_json,
            R"({"aliases":["One","Two words"]})");
  EXPECT_EQ(Parse(Front("aliases: ['One, still']")).metadata_json, R"({"aliases":["One, still"]})");
}

TEST(Frontmatter, OtherPropertiesKeepTheirTypes) {
  Document d = Parse(
      Front("i: 7\nneg: -3\nf: 1.5\nb: true\nn: null\ns: text\nq: \"7\"\nzero: 007\nhex: 0x10\n"
            "nan: .nan\nbig: 123456789012345678901234567890\nyes: yes\nlist: [1, a, [2]]\n"
            "map: {k: {z: 1}}\nk: 1\nk: 2\nempty:"));
  EXPECT_EQ(d.metadata_json,
            R"({"i":7,"neg":-3,"f":1.5E0,"b":true,"n":null,"s":"text","q":"7","zero":"007",)"
            R"("hex":"0x10","nan":".nan","big":"123456789012345678901234567890","yes":"yes",)"
            R"("list":[1,"a",[2]],"map":{"k":{"z":1}},"k":2,"empty":null})");
}

TEST(Frontmatter, DatesGoToTheirFields) {
  Document d = Parse(Front("created: 2024-01-02\nmodified: 2024-01-02T03:04:05+02:00"));
  EXPECT_EQ(d.created_ns, 1704153600 * kSecond);
  EXPECT_EQ(d.modified_ns, 1704157445 * kSecond);
  d = Parse(Front("date: 2024-01-02\nupdated: 2024-01-03"));
  EXPECT_EQ(d.created_ns, 1704153600 * kSecond);
  EXPECT_EQ(d.modified_ns, 1704240000 * kSecond);
  d = Parse(Front("created: 2024-01-02\ndate: 2020-01-01"));
  EXPECT_EQ(d.created_ns, 1704153600 * kSecond);
}

TEST(Frontmatter, WhatIsNoDateStaysInTheMetadata) {
  Document d = Parse(Front("created: last week"));
  EXPECT_EQ(d.created_ns, 0);
  EXPECT_EQ(d.metadata_json, R"({"created":"last week"})");
  EXPECT_THAT(d.warnings, ElementsAre(HasSubstr("'created' is not an ISO date")));
}

TEST(Frontmatter, AliasBombIsRefusedQuickly) {
  std::string yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string previous = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) yaml += (k == 0 ? "" : ",") + previous;
    yaml += "]\n";
  }
  Document d = Parse(Front(yaml));
  EXPECT_THAT(d.warnings, ElementsAre(HasSubstr("10000 values")));
  EXPECT_EQ(d.metadata_json, "{}");
  EXPECT_EQ(d.chunks.size(), 1u);
}

TEST(Frontmatter, DeepNestingIsRefused) {
  Document d = Parse(Front("a: " + std::string(20000, '[')));
  EXPECT_THAT(d.warnings, ElementsAre(HasSubstr("nested deeper")));
  std::string block = "a:\n";
  for (size_t i = 1; i < 200; ++i) block += std::string(i, ' ') + "a:\n";
  d = Parse(Front(block));
  EXPECT_EQ(d.warnings.size(), 1u);
  EXPECT_EQ(d.chunks.size(), 1u);
}

TEST(Frontmatter, AnAnchorInsideItselfEnds) {
  Document d = Parse(Front("a: &a [*a]"));
  EXPECT_EQ(d.chunks.size(), 1u);
}

TEST(Frontmatter, HugeIsNotRead) {
  Document d = Parse(Front("title: x\nbig: " + std::string(100'000, 'y')));
  EXPECT_THAT(d.warnings, ElementsAre(HasSubstr("not read")));
  EXPECT_EQ(d.chunks.size(), 1u);
}

TEST(Dates, AcceptsIsoForms) {
  EXPECT_EQ(ParseDate("1970-01-02"), 86400 * kSecond);
  EXPECT_EQ(ParseDate(" 1970-01-01T00:00:01Z "), kSecond);
  EXPECT_EQ(ParseDate("1970-01-01 00:01"), 60 * kSecond);
  EXPECT_EQ(ParseDate("1970-01-01T01:00:00.25+0100"), kSecond / 4);
  EXPECT_EQ(ParseDate("1970-01-01 00:00:00 -05"), 5 * 3600 * kSecond);
  EXPECT_EQ(ParseDate("1969-12-31"), -86400 * kSecond);
  EXPECT_EQ(ParseDate("2024-02-29"), 1709164800 * kSecond);
  EXPECT_EQ(ParseDate("1970-01-01T00:00:00.0000000019"), 1);
}

TEST(Dates, RefusesTheRest) {
  for (const char* text : {"", "2024", "2024-13-01", "2023-02-29", "2024-01-01x", "2024-01-01T",
                           "2024-01-01T25:00", "2024-01-01T10:00+", "0001-01-01", "9999-01-01",
                           "tomorrow", "01/02/2024", "2024-01-01T10:00:00.", "2024-01-01T10:0"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cairn::indexer
