#include "indexer/markdown.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "indexer/markdown_guard.h"
#include "indexer/parser.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Seen {
  std::string source;
  std::string text;
};

/// Source and visible text of each block.
std::vector<Seen> Blocks(std::string_view source) {
  std::vector<Seen> out;
  for (const Block& block : ParseMarkdown(source, 256).blocks) {
    out.push_back(
        {std::string(source.substr(block.begin, block.end - block.begin)), block.visible.text});
  }
  return out;
}

std::vector<std::string> Texts(std::string_view source) {
  std::vector<std::string> out;
  for (const Seen& seen : Blocks(source)) out.push_back(seen.text);
  return out;
}

std::vector<std::string> Sources(std::string_view source) {
  std::vector<std::string> out;
  for (const Seen& seen : Blocks(source)) out.push_back(seen.source);
  return out;
}

TEST(Markdown, NothingVisibleIsNoBlock) {
  for (const char* text : {"", "\n\n", "---\n", "<!-- x -->\n", "[a]: http://b\n", "```\n```\n",
                           "#\n", "![](x.png)\n", "<br/>\n", "%%x%%", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(Texts(text), IsEmpty()) << text;
  }
}

TEST(Markdown, InlinesShowTheirText) {
  EXPECT_THAT(Texts("a *b* __c__ `d e` [f](http://x 'y') ![g](z) <b>h</b> &amp; \\* <https://u.v>"),
              ElementsAre("a b c d e f g h & * https://u.v"));
  EXPECT_THAT(Texts("one\ntwo  \nthree<br>four"), ElementsAre("one two\nthree\nfour"));
}

TEST(Markdown, FencesKeepHashesAndAreNoHeadings) {
  std::string_view source = "~~~sh\n# not a heading\n```\n#tag\n~~~\nafter\n";
  EXPECT_THAT(Texts(source), ElementsAre("# not a heading\n```\n#tag", "after"));
  ParsedText parsed = ParseMarkdown(source, 256);
  EXPECT_EQ(parsed.first_heading, "");
  EXPECT_THAT(parsed.findings.tags, IsEmpty());
}

TEST(Markdown, UnclosedFenceRunsToTheEnd) {
  EXPECT_THAT(Sources("a\n\n````\n# x\n```\ny\n"), ElementsAre("a", "````\n# x\n```\ny"));
}

TEST(Markdown, HeadingsOfBothKinds) {
  ParsedText parsed = ParseMarkdown("Setext *one*\n===\n\n## Two ##\ntext\n\nThree\n---\n", 256);
  ASSERT_EQ(parsed.blocks.size(), 4u);
  EXPECT_EQ(parsed.first_heading, "Setext one");
  EXPECT_EQ(parsed.blocks[0].heading_level, 1);
  EXPECT_EQ(parsed.blocks[1].heading_level, 2);
  EXPECT_EQ(parsed.blocks[1].visible.text, "Two");
  EXPECT_EQ(parsed.blocks[2].heading_level, 0);
  EXPECT_EQ(parsed.blocks[3].heading_level, 2);
}

TEST(Markdown, HeadingInAQuoteOpensNoSection) {
  ParsedText parsed = ParseMarkdown("> # Quoted\n\n- # Item\n", 256);
  ASSERT_EQ(parsed.blocks.size(), 2u);
  EXPECT_EQ(parsed.blocks[0].heading_level, 0);
  EXPECT_EQ(parsed.blocks[1].heading_level, 0);
  EXPECT_EQ(parsed.first_heading, "");
}

TEST(Markdown, NestedListsKeepEveryItem) {
  std::string_view source =
      "- one\n  lazy\n  - two\n\n    para\n\n    ```\n    code\n    ```\n- [x] three\n1. four\n";
  EXPECT_THAT(Texts(source), ElementsAre("one lazy", "two", "para", "code", "three", "four"));
  EXPECT_THAT(Sources(source), ElementsAre("- one\n  lazy", "  - two", "    para",
                                           "    ```\n    code\n    ```", "- [x] three", "1. four"));
}

TEST(Markdown, TableRowsAreBlocksOnTheirOwnLines) {
  std::string_view source = "intro\n\n| a | b |\n|---|:-:|\n| c \\| d | `x` |\n| e |\n\nout\n";
  EXPECT_THAT(Sources(source),
              ElementsAre("intro", "| a | b |", "| c \\| d | `x` |", "| e |", "out"));
  EXPECT_THAT(Texts(source), ElementsAre("intro", "a | b", "c | d | x", "e | ", "out"));
}

TEST(Markdown, TableRightUnderText) {
  std::string_view source = "x\n\ntwo\nlines\n| a | b |\n|---|---|\n| c | d |\n";
  EXPECT_THAT(Sources(source), ElementsAre("x", "two\nlines", "| a | b |", "| c | d |"));
  EXPECT_THAT(Texts(source), ElementsAre("x", "two lines", "a | b", "c | d"));
  EXPECT_THAT(Sources("p\n| a |\n|---|\n\nq"), ElementsAre("p", "| a |", "q"));
}

TEST(Markdown, CrlfAndLoneCrCountAsLines) {
  EXPECT_THAT(Sources("# A\r\n\r\nb\r\nc\r\n\r\n- d\r\n"), ElementsAre("# A", "b\r\nc", "- d"));
  EXPECT_THAT(Texts("```\r\na\r\n\r\nb\r\n```\r\n"), ElementsAre("a\n\nb"));
  EXPECT_THAT(Sources("# A\r\rb\r"), ElementsAre("# A", "b"));
}

TEST(Markdown, HtmlBlocksShowTheirText) {
  EXPECT_THAT(Texts("<div class='a'>\nHello <b>you</b>\n</div>\n"), ElementsAre("\nHello you\n"));
  EXPECT_THAT(Texts("<script>\nvar a = 1;\n</script>\n"), IsEmpty());
  EXPECT_THAT(Texts("<style>\nb {}\n</style>\n\nx < y\n"), ElementsAre("x < y"));
}

TEST(Markdown, ReferenceDefinitionsAreNoText) {
  std::string_view source = "[r]: http://x\nafter [r] it\n";
  EXPECT_THAT(Texts(source), ElementsAre("after r it"));
}

TEST(Markdown, NulBytesDoNotShift) {
  std::string source("a\0b\n\nc\n", 8);
  source.resize(7);
  EXPECT_THAT(Texts(source), ElementsAre("ab", "c"));
}

TEST(Markdown, GroupsTieListsAndTablesTogether) {
  ParsedText parsed = ParseMarkdown("- a\n- b\n\ntext\n\n* c\n", 256);
  ASSERT_EQ(parsed.blocks.size(), 4u);
  EXPECT_EQ(parsed.blocks[0].group, parsed.blocks[1].group);
  EXPECT_EQ(parsed.blocks[2].group, 0u);
  EXPECT_NE(parsed.blocks[3].group, parsed.blocks[0].group);
}

std::string Repeat(std::string_view piece, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += piece;
  return out;
}

TEST(MarkdownGuard, OrdinaryTextPasses) {
  EXPECT_FALSE(TooIntricate(Repeat("- [a](b) ![c](d) | e |\n", 3000)));
  EXPECT_FALSE(TooIntricate("> > > - 1. * deep\n"));
  EXPECT_FALSE(TooIntricate(Repeat("| a | b | c | d | e |\n", 20000)));
  EXPECT_FALSE(TooIntricate(std::string(1'000'000, '-')));
}

TEST(MarkdownGuard, HostileTextIsTakenAsPlainTextInTime) {
  const std::vector<std::string> hostile = {
      Repeat("![[]()", 160'000),
      Repeat("- ", 5000) + "a" + std::string(900'000, '\n'),
      Repeat("> ", 500'000),
      Repeat("x <?", 250'000),
      Repeat("x <!A ", 160'000),
      Repeat("|a", 20'000) + "|\n" + Repeat("|-", 20'000) + "|\n" + Repeat("|\n", 400'000)};
  for (const std::string& text : hostile) {
    ASSERT_TRUE(TooIntricate(text)) << text.substr(0, 10);
    Document d = ParseDocument("x.md", text, Format::kMarkdown, {});
    EXPECT_THAT(d.warnings, ElementsAre("too intricate for Markdown: indexed as plain text"));
  }
}

TEST(MarkdownGuard, WhatPassesIsParsedInTime) {
  for (const char* piece :
       {"[",   "![l", "**a ", "_a ",    "<!--",    "`",       "a\n",     "[a](",    "> a\n", "* ",
        "|",   "*_",  "<a ",  "[a][",   "\\",      "| a |\n", "- a\n\n", "[^a]",    "[[",    "~~",
        "==a", "%%",  "#a ",  "&copy;", "<div>\n", "``a",     "1. ",     "[[a|b]] "}) {
    std::string text = Repeat(piece, 100'000 / std::string_view(piece).size());
    auto start = std::chrono::steady_clock::now();
    ParseDocument("x.md", text, Format::kMarkdown, {});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << piece;
  }
}

TEST(Markdown, ManyThreadsMayParse) {
  std::string source = Repeat("# H\n\n~~a~~ **b** [c](d) | e\n\n| x |\n|---|\n| y |\n\n", 50);
  const std::string expected =
      ParseDocument("x.md", source, Format::kMarkdown, {}).chunks.at(0).text;
  std::vector<std::string> got(4);
  std::vector<std::thread> threads;
  for (std::string& text : got) {
    threads.emplace_back([&text, &source] {
      for (int i = 0; i < 20; ++i) {
        text = ParseDocument("x.md", source, Format::kMarkdown, {}).chunks.at(0).text;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : got) EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace cairn::indexer
