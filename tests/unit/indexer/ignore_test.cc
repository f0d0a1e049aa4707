#include "indexer/ignore.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn::indexer {
namespace {

IgnoreRules Rules(std::string_view lines) {
  IgnoreRules rules;
  rules.AddLines(lines);
  return rules;
}

TEST(Ignore, BuiltIn) {
  IgnoreRules rules;
  EXPECT_TRUE(rules.Ignores(".obsidian", true));
  EXPECT_TRUE(rules.Ignores("a/.hidden.md", false));
  EXPECT_TRUE(rules.Ignores("a/node_modules", true));
  EXPECT_TRUE(rules.Ignores("__pycache__", true));
  EXPECT_FALSE(rules.Ignores("node_modules", false)) << "a file of that name is no folder";
  EXPECT_FALSE(rules.Ignores("build", true));
  EXPECT_FALSE(rules.Ignores("a.md", false));
  EXPECT_FALSE(rules.Ignores("", true));
}

TEST(Ignore, BuiltInCanBeTakenBackButNotTheDatabase) {
  IgnoreRules rules = Rules("!.*\n!node_modules/\n!.cairn\n!.git\n");
  EXPECT_FALSE(rules.Ignores(".notes", true));
  EXPECT_FALSE(rules.Ignores("node_modules", true));
  EXPECT_TRUE(rules.Ignores("x/.cairn", true));
  EXPECT_TRUE(rules.Ignores(".git", true));
}

TEST(Ignore, NamesMatchAtAnyDepth) {
  IgnoreRules rules = Rules("draft.md\n*.tmp.md\ntmp?\n");
  EXPECT_TRUE(rules.Ignores("draft.md", false));
  EXPECT_TRUE(rules.Ignores("a/b/draft.md", false));
  EXPECT_FALSE(rules.Ignores("a/mydraft.md", false));
  EXPECT_TRUE(rules.Ignores("a/x.tmp.md", false));
  EXPECT_TRUE(rules.Ignores("tmp1", true));
  EXPECT_FALSE(rules.Ignores("tmp", true));
}

TEST(Ignore, ASlashTiesToTheRoot) {
  IgnoreRules rules = Rules("/top.md\na/b\n");
  EXPECT_TRUE(rules.Ignores("top.md", false));
  EXPECT_FALSE(rules.Ignores("x/top.md", false));
  EXPECT_TRUE(rules.Ignores("a/b", true));
  EXPECT_FALSE(rules.Ignores("x/a/b", true));
}

TEST(Ignore, ATrailingSlashMeansFolders) {
  IgnoreRules rules = Rules("out/\n");
  EXPECT_TRUE(rules.Ignores("out", true));
  EXPECT_TRUE(rules.Ignores("a/out", true));
  EXPECT_FALSE(rules.Ignores("out", false));
}

TEST(Ignore, TheLastMatchDecides) {
  IgnoreRules rules = Rules("*.md\n!keep.md\n");
  EXPECT_TRUE(rules.Ignores("x.md", false));
  EXPECT_FALSE(rules.Ignores("a/keep.md", false));
  rules.Add("keep.md");
  EXPECT_TRUE(rules.Ignores("a/keep.md", false));
}

TEST(Ignore, DoubleStar) {
  IgnoreRules rules = Rules("**/log\na/**/z\nall/**\n");
  EXPECT_TRUE(rules.Ignores("log", true));
  EXPECT_TRUE(rules.Ignores("x/y/log", true));
  EXPECT_TRUE(rules.Ignores("a/z", true));
  EXPECT_TRUE(rules.Ignores("a/b/c/z", true));
  EXPECT_FALSE(rules.Ignores("a/b/c", true));
  EXPECT_TRUE(rules.Ignores("all/x", false));
  EXPECT_FALSE(rules.Ignores("all", true));
}

TEST(Ignore, StarStaysWithinAName) {
  IgnoreRules rules = Rules("/a/*.md\n");
  EXPECT_TRUE(rules.Ignores("a/x.md", false));
  EXPECT_FALSE(rules.Ignores("a/b/x.md", false));
}

TEST(Ignore, ClassesAndEscapes) {
  IgnoreRules rules = Rules("[Bb]uild\n[a-c]x\n[!0-9]y\n\\#real\n\\!bang\nst\\*r\n[z\nend\\ \n");
  EXPECT_TRUE(rules.Ignores("build", true));
  EXPECT_TRUE(rules.Ignores("bx", true));
  EXPECT_FALSE(rules.Ignores("dx", true));
  EXPECT_TRUE(rules.Ignores("ay", true));
  EXPECT_FALSE(rules.Ignores("1y", true));
  EXPECT_TRUE(rules.Ignores("#real", true));
  EXPECT_TRUE(rules.Ignores("!bang", true));
  EXPECT_TRUE(rules.Ignores("st*r", true));
  EXPECT_FALSE(rules.Ignores("star", true));
  EXPECT_TRUE(rules.Ignores("[z", true)) << "without its end it is a bracket";
  EXPECT_TRUE(rules.Ignores("end ", true));
}

TEST(Ignore, CommentsBlanksAndLineEndsOfTheFile) {
  IgnoreRules rules = Rules("\xEF\xBB\xBF# comment\r\n\r\n  \r\nx.md  \r\n!\n/\n//\n!/\n");
  EXPECT_TRUE(rules.Ignores("x.md", false));
  EXPECT_FALSE(rules.Ignores("# comment", false));
  EXPECT_FALSE(rules.Ignores("y.md", false));
}

TEST(Ignore, HostilePatternsTakeNoTime) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  IgnoreRules rules = Rules(stars + "b\n");
  EXPECT_FALSE(rules.Ignores(std::string(500, 'a'), false));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "**/a/";
  rules.Add(deep + "b");
  std::string path = "a";
  for (int i = 0; i < 200; ++i) path += "/a";
  EXPECT_FALSE(rules.Ignores(path, false));
}

}  // namespace
}  // namespace cairn::indexer
