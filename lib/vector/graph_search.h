#pragma once

#include <cstdint>
#include <vector>

#include "vector/document_filter.h"
#include "vector/graph.h"
#include "vector/row_marks.h"
#include "vector/row_table.h"
#include "vector/search_scratch.h"

namespace cairn::vector {

/// The part of a distance between two rows that only inner product has: rows' further coordinate.
struct FurtherCoordinate {
  const float* of_row =
      nullptr;  ///< null for the other metrics, and for real queries (theirs is 0)
  float twice_query = 0;
};

/// A search of a graph. Everything is borrowed.
struct GraphTask {
  const QueryCode* query = nullptr;
  uint32_t ef = 0;    ///< width of the beam: it ends when its nearest `ef` rows were expanded
  uint32_t keep = 0;  ///< so many of the nearest rows met are found, also those beyond the beam
  uint32_t most_ties = 0;  ///< about so many rows at exactly the same distance are kept
  SearchScratch* scratch = nullptr;
  uint64_t* codes_scored = nullptr;  ///< added to
  /// When one is given, only rows that are allowed and not dead are found; the beam holds others
  /// too, because the way to those that count leads over them.
  const RowSet* allowed = nullptr;
  const RowMarks* dead = nullptr;
  uint32_t* counted_in_beam = nullptr;  ///< set to how many of the beam's rows count
  /// The vectors of so many of the nearest rows are asked for before the walk ends.
  uint32_t fetch = 0;
  const RowTable* vectors = nullptr;
};

/// Best-first search from the entry nearest to the query (Malkov and Yashunin, TPAMI 2020,
/// algorithm 2, on one layer). Leaves the nearest rows met in scratch->found, nearest first.
void SearchGraph(const Graph& graph, const GraphTask& task);

/// SearchGraph while other threads insert rows into the graph. Only rows that are linked are found.
void SearchGrowingGraph(const Graph& graph, const QueryCode& query,
                        const FurtherCoordinate& further, uint32_t ef, SearchScratch* scratch);

}  // namespace cairn::vector
