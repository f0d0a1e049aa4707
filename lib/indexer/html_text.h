#pragma once

#include <cstdint>
#include <string_view>

#include "indexer/blocks.h"

namespace cairn::indexer {

/// The text between the tags of source[begin, end): comments, tags, scripts and styles left out.
VisibleText StripHtml(std::string_view source, uint64_t begin, uint64_t end);

/// True for `<br>` in all its spellings.
bool IsLineBreakTag(std::string_view html);

}  // namespace cairn::indexer
