#pragma once

#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "indexer/document.h"

namespace cairn::indexer {

/// Where the frontmatter of a Markdown text stands. Without one all are 0.
struct FrontmatterSpan {
  uint64_t yaml_begin = 0;
  uint64_t yaml_end = 0;
  uint64_t end = 0;  ///< behind the closing line: here the prose starts
};

/// Frontmatter starts with `---` on the first line (a BOM may stand before it) and ends with a line
/// `---` or `...`.
FrontmatterSpan FindFrontmatter(std::string_view text);

/// Reads the frontmatter of `text` into title, tags, type, status, description and times of
/// `document`; aliases (as a list) and all other properties go to `metadata`. Keys are compared
/// without case. Returns where the prose starts: behind the frontmatter also when it is broken
/// (a warning says so), but at the very front when it turns out to be no frontmatter.
uint64_t ReadFrontmatter(std::string_view text, Document* document, json::object* metadata);

}  // namespace cairn::indexer
