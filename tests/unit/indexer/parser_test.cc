#include "indexer/parser.h"

#include <gmock/gmock.h>

#include <string>

#include "base/json.h"
#include "unit/indexer/indexer_support.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Document Parse(std::string_view id, std::string_view bytes) {
  return ParseDocument(id, bytes, Format::kMarkdown, {});
}

TEST(ParseDocument, InvalidUtf8IsAWarningAndOffsetsFitTheBody) {
  Document d = Parse("a.md", "# T\xFF\n\nfirst \xC3\x28 x\n\nsecond\n");
  EXPECT_THAT(d.warnings, ElementsAre(HasSubstr("invalid UTF-8")));
  EXPECT_TRUE(IsValidUtf8(d.body));
  ASSERT_EQ(d.chunks.size(), 1u);
  EXPECT_EQ(d.body.substr(d.chunks[0].begin, d.chunks[0].end - d.chunks[0].begin),
            "# T\xEF\xBF\xBD\n\nfirst \xEF\xBF\xBD( x\n\nsecond");
}

TEST(ParseDocument, TitleComesFromFrontmatterThenHeadingThenName) {
  EXPECT_EQ(Parse("d/n.md", "---\ntitle: F\n---\n# H\n").title, "F");
  EXPECT_EQ(Parse("d/n.md", "text\n\n### H *x*\n\n# Later\n").title, "H x");
  EXPECT_EQ(Parse("d/some note.v2.md", "text").title, "some note.v2");
  EXPECT_EQ(Parse("d.x/plain", "").title, "plain");
  EXPECT_EQ(Parse(".md", "").title, ".md");
  EXPECT_EQ(Parse("", "").title, "");
}

TEST(ParseDocument, TitleAndPathAreBounded) {
  Document d = Parse("n.md", "# " + std::string(5000, 'a') + "\n\ntext\n");
  EXPECT_EQ(d.title.size(), 1000u);
  EXPECT_EQ(d.chunks.back().heading_path.size(), 200u);
}

TEST(ParseDocument, AnEmptyFileIsADocumentWithoutChunks) {
  Document d = Parse("x/empty.md", "");
  EXPECT_EQ(d.id, "x/empty.md");
  EXPECT_EQ(d.title, "empty");
  EXPECT_EQ(d.metadata_json, "{}");
  EXPECT_THAT(d.chunks, IsEmpty());
  EXPECT_THAT(d.warnings, IsEmpty());
}

TEST(ParseDocument, BodyIsTheOriginalBytes) {
  std::string bytes = "\xEF\xBB\xBF---\r\na: 1\r\n---\r\n\r\n# H\r\n\r\nx\r\n";
  Document d = Parse("a.md", bytes);
  EXPECT_EQ(d.body, bytes);
  ASSERT_EQ(d.chunks.size(), 1u);
  EXPECT_EQ(bytes.substr(d.chunks[0].begin, d.chunks[0].end - d.chunks[0].begin), "# H\r\n\r\nx");
  EXPECT_EQ(d.chunks[0].line, 5u);
  EXPECT_EQ(d.title, "H");
}

TEST(ParseDocument, BomWithoutFrontmatter) {
  Document d = Parse("a.md", "\xEF\xBB\xBF# H\nx\n");
  EXPECT_EQ(d.title, "H");
  EXPECT_EQ(d.chunks.at(0).begin, 3u);
  d = ParseDocument("a.txt", "\xEF\xBB\xBFx\n", Format::kPlainText, {});
  EXPECT_EQ(d.chunks.at(0).text, "x");
}

TEST(ParseDocument, IsPure) {
  std::string bytes = "---\ntags: a\n---\n# H\n\n#b [[c]]\n";
  EXPECT_EQ(Render(Parse("a.md", bytes)), Render(Parse("a.md", bytes)));
}

TEST(ParseDocument, MetadataIsBounded) {
  std::string body;
  for (int i = 0; i < 3000; ++i) body += StrCat("[[n", i, "]] #t", i, " ");
  body += "[x](data:" + std::string(5000, 'a') + ")";
  Document d = Parse("a.md", body);
  Result<json::object> metadata = json::ParseObject(d.metadata_json, "metadata");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata->at("links").as_array().size(), 1000u);
  EXPECT_EQ(d.tags.size(), 1000u);
}

TEST(ChunkBody, MalformedBodyYieldsValidText) {
  Document d;
  d.body = "# A\xFF\n\nx \x80 y\n";
  ChunkBody(&d, Format::kMarkdown, {});
  ExpectSoundChunks(d, "malformed");
  ASSERT_EQ(d.chunks.size(), 1u);
  EXPECT_EQ(d.chunks[0].begin, 0u);
  EXPECT_EQ(d.body.size() - 1, d.chunks[0].end);
}

}  // namespace
}  // namespace cairn::indexer
