#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vector/graph.h"

namespace cairn::vector {

/// Adds rows of [first, graph.row_count) to `entries` until there are `wanted`, always the one of a
/// sample that is farthest from all that are there (Gonzalez, 1985): every region of the data gets
/// one before any gets many, so every beginning of the list is well spread too. Where there are
/// entries already, only rows farther from them than they are from each other are added. The graph
/// has seven-bit codes and needs no links.
void SpreadEntries(const Quantizer& quantizer, const OwnedGraph& graph, uint32_t first,
                   size_t wanted, std::vector<uint32_t>* entries);

/// How many entries a graph of that many rows is given to choose from.
size_t MaxEntryCount(uint32_t rows);

}  // namespace cairn::vector
