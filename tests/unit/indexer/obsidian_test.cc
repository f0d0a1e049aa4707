#include "indexer/obsidian.h"

#include <gmock/gmock.h>

#include <string>

#include "indexer/comments.h"
#include "indexer/parser.h"
#include "indexer/tags.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Document Parse(std::string_view bytes) {
  return ParseDocument("note.md", bytes, Format::kMarkdown, {});
}

std::string Text(std::string_view bytes) {
  Document d = Parse(bytes);
  return d.chunks.empty() ? "" : d.chunks[0].text;
}

TEST(Obsidian, WikiLinksShowAliasOrName) {
  EXPECT_EQ(Text("See [[Other Note]] now"), "See Other Note now");
  EXPECT_EQ(Text("See [[a/b|the b]]s."), "See the bs.");
  EXPECT_EQ(Text("[[note#Part|x]] [[note#Part]] [[#Part]] [[note#^id]]"),
            "x note > Part Part note");
  EXPECT_EQ(Text("![[pic.png]] and ![[n|alias]]"), "pic.png and alias");
  EXPECT_EQ(Text("| a |\n|---|\n| [[x\\|y]] |"), "a\ny");
}

TEST(Obsidian, WhatIsNoWikiLinkStays) {
  EXPECT_EQ(Text("open [[ only"), "open [[ only");
  EXPECT_EQ(Text("empty [[]] x"), "empty [[]] x");
  EXPECT_EQ(Text("code `[[a|b]]` x"), "code [[a|b]] x");
}

TEST(Obsidian, LinkTargetsAreCollectedOnce) {
  EXPECT_EQ(Parse("[[a|x]] [[a#h]] [t](b.md) <https://c.de/> [r][k] ![i](no.png)\n\n[k]: d.md\n")
                .metadata_json,
            R"({"links":["b.md","https://c.de/","d.md","a"]})");
}

TEST(Obsidian, OwnLinksPropertyStays) {
  EXPECT_EQ(Parse("---\nlinks: mine\n---\n[[a]]\n").metadata_json, R"({"links":"mine"})");
}

TEST(Obsidian, InlineTags) {
  auto tags = [](std::string_view text) { return Parse(text).tags; };
  EXPECT_THAT(tags("#one and #two/three-4_x, #über #日本 #🎉"),
              ElementsAre("one", "two/three-4_x", "über", "日本", "🎉"));
  EXPECT_THAT(tags("- #item\n- [ ] #task\n\n> #quoted\n\n| #cell |\n|---|\n"),
              ElementsAre("item", "task", "quoted", "cell"));
  EXPECT_THAT(tags("#Same #same #SAME"), ElementsAre("Same"));
  EXPECT_THAT(tags("#y1984 #a/ x"), ElementsAre("y1984", "a"));
}

TEST(Obsidian, WhatIsNoTag) {
  for (const char* text :
       {"#1984", "a#b", "`#code`", "```\n#code\n```", "    #code", "https://x.de/#part",
        "[text](http://a.b/#part)", "[#text](http://a.b)", "## #heading", "# Title #closing", "# ",
        "(#paren)", "#", "#/", "<!-- #html -->", "%%#comment%%", "[[n#part]]"}) {
    EXPECT_THAT(Parse(text).tags, IsEmpty()) << text;
  }
}

TEST(Obsidian, FrontmatterAndInlineTagsAreOneSet) {
  EXPECT_THAT(Parse("---\ntags: [a]\n---\n#A #b\n").tags, ElementsAre("a", "b"));
}

TEST(Obsidian, CommentsAreNotText) {
  EXPECT_EQ(Text("a %%hidden%% b"), "a b");
  EXPECT_EQ(Text("a\n\n%%\nhidden\n\nmore\n%%\n\nb"), "a\n\nb");
  EXPECT_EQ(Text("`%%code%%` x"), "%%code%% x");
  EXPECT_EQ(Text("```\n%%code%%\n```"), "%%code%%");
  EXPECT_EQ(Text("100%% sure\n\n50%% left"), "100%% sure\n\n50%% left");
  EXPECT_EQ(Text("%% no end\n\ntext"), "%% no end\n\ntext");
  EXPECT_EQ(Text("a <!-- hidden --> b\n\n<!--\nhidden\n\n-->\nc"), "a b\n\nc");
}

TEST(Obsidian, MaskKeepsEveryOffset) {
  std::string source = "a %%b\r\n%% c\n%%\nx\n%% d\n";
  std::string masked = MaskComments(source);
  ASSERT_EQ(masked.size(), source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    EXPECT_TRUE(masked[i] == source[i] || masked[i] == kMask) << i;
    EXPECT_EQ(masked[i] == '\n', source[i] == '\n');
  }
  EXPECT_EQ(masked.substr(masked.size() - 3), " d\n");
}

TEST(Obsidian, OtherMarks) {
  EXPECT_EQ(Text("~~gone~~ and ==marked== a == b ~~ c"), "gone and marked a == b ~~ c");
  EXPECT_EQ(Text("text[^1] more\n\n[^1]: The note."), "text more\n\nThe note.");
  EXPECT_EQ(Text("> [!warning]- Careful\n> body"), "Careful body");
  EXPECT_EQ(Text("A paragraph. ^block-1"), "A paragraph.");
  EXPECT_EQ(Text("x ^2 + y"), "x ^2 + y");
}

TEST(Tags, LengthAndLists) {
  EXPECT_EQ(TagLength("abc def"), 3u);
  EXPECT_EQ(TagLength("2024-q1"), 7u);
  EXPECT_EQ(TagLength("2024"), 0u);
  EXPECT_EQ(TagLength(""), 0u);
  EXPECT_EQ(TagLength("a\xE2\x80\x94z"), 1u) << "a dash ends it";
  std::vector<std::string> tags;
  AddTagList(" #a,, b\t##c ", &tags);
  EXPECT_THAT(tags, ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace cairn::indexer
