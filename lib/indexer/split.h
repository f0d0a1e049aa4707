#pragma once

#include <cstdint>
#include <vector>

#include "indexer/blocks.h"

namespace cairn::indexer {

/// Cuts a block of more than `max_tokens` into pieces of at most that many, in order: at a blank
/// line if one stands in the last two thirds of the room, else at a line's end, a sentence's end,
/// between words, between characters. The pieces cover the block's source without overlap; they
/// carry no spans.
std::vector<Block> SplitBlock(const Block& block, uint32_t max_tokens);

}  // namespace cairn::indexer
