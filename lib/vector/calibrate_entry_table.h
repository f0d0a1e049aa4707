#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "vector/entry_table.h"
#include "vector/graph.h"
#include "vector/quantizer.h"

namespace cairn::vector {

/// A table of `entries`, which are rows of `graph`, by which searches find as many of the graph's
/// rows as when they try every entry. Data in clusters far from each other needs a centre for
/// each: a search that enters another cluster stays there.
std::shared_ptr<const EntryTable> CalibrateEntryTable(const Quantizer& quantizer,
                                                      const Graph& graph,
                                                      std::span<const uint32_t> entries);

}  // namespace cairn::vector
