#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "indexer/blocks.h"
#include "indexer/obsidian.h"

namespace cairn::indexer {

/// A text taken apart into blocks.
struct ParsedText {
  std::vector<Block> blocks;  ///< in order of `begin`, none without visible text
  std::string first_heading;
  Findings findings;
  bool fell_back = false;  ///< too intricate for a Markdown parser: taken as plain text
};

/// Takes GitHub-flavoured Markdown (tables, task lists) with Obsidian's additions apart. Offsets
/// count from the start of `source`. Blocks of more than `max_tokens` have their spans anchored.
/// Thread safety: may run in many threads at once.
ParsedText ParseMarkdown(std::string_view source, uint32_t max_tokens);

/// Takes plain text apart into paragraphs: runs of lines without a blank line between.
ParsedText ParsePlainText(std::string_view source);

}  // namespace cairn::indexer
