#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "indexer/blocks.h"

namespace cairn::indexer {

/// What the inline pass finds besides text.
struct Findings {
  std::vector<std::string> tags;   ///< without '#', as spelled, duplicates left in
  std::vector<std::string> links;  ///< targets as written, duplicates left in
};

/// Turns the text of one leaf into what Obsidian shows of it: `[[note]]` and `[[note|alias]]`
/// become the name or the alias, footnote marks, callout marks, block ids, `~~` and `==` pairs and
/// masked comments go. Collects link targets and, when `with_tags`, inline tags. Code is left
/// alone.
void ShowAsObsidian(VisibleText* visible, bool with_tags, Findings* findings);

}  // namespace cairn::indexer
