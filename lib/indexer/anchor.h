#pragma once

#include <cstdint>
#include <string_view>

#include "indexer/blocks.h"

namespace cairn::indexer {

/// Finds where source[begin, end) holds each span of `visible`, in order. A span that is not there
/// as a whole is cut up; what is not there literally at all (an entity) gets the place where the
/// text before it ends.
void AnchorSpans(std::string_view source, uint64_t begin, uint64_t end, VisibleText* visible);

/// The source offset of the byte at `offset` of the text; never decreases with `offset`. The spans
/// must be anchored.
uint64_t SourceOf(const VisibleText& visible, uint64_t offset);

}  // namespace cairn::indexer
