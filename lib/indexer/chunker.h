#pragma once

#include <string_view>
#include <vector>

#include "indexer/blocks.h"
#include "indexer/document.h"
#include "indexer/parser.h"

namespace cairn::indexer {

/// Packs blocks into chunks.
///
/// A heading opens a section. The blocks of a section are packed in order up to `max_tokens`; a
/// block larger than that is cut (see SplitBlock). A section is joined to the chunk before it when
/// both fit in one and the chunk so far is nothing but headings above it, or one of the two has
/// fewer than `min_tokens` (for a heading of level 1 or 2: both have). The heading path of a chunk
/// is the part that all its text has in common.
///
/// `body` is the whole text, from which lines are counted; the blocks' offsets count from
/// `base` in it.
std::vector<Chunk> PackBlocks(std::string_view body, uint64_t base, std::vector<Block> blocks,
                              const ChunkerOptions& options);

}  // namespace cairn::indexer
