#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vector/graph.h"

namespace cairn::vector {

/// Adds `count` rows of [first, graph.row_count) to `entries`, always the one of a sample that is
/// farthest from all that are there (Gonzalez, 1985): every region of the data gets one. Fewer when
/// all that is left lies on entries. The graph has seven-bit codes and needs no links.
void SpreadEntries(const Quantizer& quantizer, const OwnedGraph& graph, uint32_t first,
                   size_t count, std::vector<uint32_t>* entries);

/// How many such entries a graph of that many rows is given.
size_t SpreadEntryCount(uint32_t rows);

/// Adds one in so many rows of [first, graph.row_count) that are no entries yet: regions get as
/// many as they have rows.
void SampleEntries(const OwnedGraph& graph, uint32_t first, std::vector<uint32_t>* entries);

}  // namespace cairn::vector
