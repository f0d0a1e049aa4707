#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "indexer/parser.h"
#include "unit/indexer/indexer_support.h"

namespace cairn::indexer {
namespace {

constexpr uint32_t kSeed = 20240229;

using Random = std::mt19937;

size_t Below(Random* random, size_t bound) { return bound == 0 ? 0 : (*random)() % bound; }

/// Pieces that mean something to one of the parsers.
const char* const kPieces[] = {
    "---\n", "...\n",       "# ",          "## ",      "\n\n",     "\n",           "\r\n",
    "\r",    "- ",          "1. ",         "> ",       "```\n",    "~~~\n",        "    ",
    "\t",    "| a | b |\n", "|---|---|\n", "[[",       "]]",       "[a](b)",       "![",
    "](",    "%%",          "<!--",        "-->",      "<br>",     "<div>\n",      "</",
    "**",    "_",           "`",           "``",       "~~",       "==",           "#tag",
    "&amp;", "\\",          "[^1]",        "[^1]: ",   "[x]: y\n", "\xEF\xBB\xBF", "\xFF",
    "\xC3",  "word ",       "日本語",      "🎉",        "a: [",     "b: {",         "&x ",
    "*x",    "? ",          ": ",          "tags: ",   "!!map ",   "|\n",          ">\n",
    "===\n", "---",         ". ",          "[!note] ", " ^id\n",   "%YAML 1.2\n",  "<<: ",
    "\"",    "'",           "\\u0000",     "<script>", "#"};

std::string RandomText(Random* random) {
  std::string text;
  if (Below(random, 3) == 0) text = "---\n";
  size_t pieces = Below(random, 120);
  for (size_t i = 0; i < pieces; ++i) {
    if (Below(random, 8) == 0) {
      text.push_back(static_cast<char>(Below(random, 256)));
    } else {
      text += kPieces[Below(random, std::size(kPieces))];
    }
  }
  return text;
}

void Mutate(Random* random, std::string* text) {
  for (size_t edits = 1 + Below(random, 8); edits > 0; --edits) {
    size_t at = Below(random, text->size() + 1);
    switch (Below(random, 4)) {
      case 0:
        text->insert(at, kPieces[Below(random, std::size(kPieces))]);
        break;
      case 1:
        text->erase(at, Below(random, 20));
        break;
      case 2:
        if (at < text->size()) (*text)[at] = static_cast<char>(Below(random, 256));
        break;
      default:
        text->insert(at, text->substr(Below(random, text->size() + 1), Below(random, 200)));
    }
  }
}

void Check(const std::string& bytes, Random* random) {
  ChunkerOptions options;
  options.max_tokens = static_cast<uint32_t>(Below(random, 2) == 0 ? 256 : Below(random, 12));
  options.min_tokens = static_cast<uint32_t>(Below(random, 40));
  for (Format format : {Format::kMarkdown, Format::kPlainText}) {
    Document d = ParseDocument("dir/file.md", bytes, format, options);
    ASSERT_TRUE(IsValidUtf8(d.body));
    ASSERT_TRUE(IsValidUtf8(d.title));
    for (const std::string& tag : d.tags) ASSERT_TRUE(IsValidUtf8(tag));
    ASSERT_TRUE(json::ParseObject(d.metadata_json, "metadata").ok()) << d.metadata_json;
    ExpectSoundChunks(d, bytes);
    Document raw;
    raw.body = bytes;
    ChunkBody(&raw, format, options);
    ExpectSoundChunks(raw, bytes);
  }
}

TEST(Fuzz, RandomBytes) {
  Random random(kSeed);
  for (int i = 0; i < 1000 && !::testing::Test::HasFatalFailure(); ++i) {
    std::string bytes(Below(&random, 300), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    Check(bytes, &random);
  }
}

TEST(Fuzz, RandomMarkup) {
  Random random(kSeed + 1);
  for (int i = 0; i < 4000 && !::testing::Test::HasFatalFailure(); ++i) {
    Check(RandomText(&random), &random);
  }
}

TEST(Fuzz, MutatedNotes) {
  Random random(kSeed + 2);
  std::vector<std::string> notes;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(CAIRN_TEST_DATA "/vault")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    notes.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  ASSERT_FALSE(notes.empty());
  for (int i = 0; i < 1500 && !::testing::Test::HasFatalFailure(); ++i) {
    std::string note = notes[Below(&random, notes.size())];
    Mutate(&random, &note);
    Check(note, &random);
  }
}

}  // namespace
}  // namespace cairn::indexer
