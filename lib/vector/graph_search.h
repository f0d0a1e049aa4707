#pragma once

#include <cstdint>
#include <vector>

#include "vector/document_filter.h"
#include "vector/graph.h"
#include "vector/row_marks.h"
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
  uint32_t keep = 0;  ///< of the rows met so many are found at least, also those beyond the beam
  uint32_t most_ties = 0;  ///< about so many rows at exactly the same distance are kept
  SearchScratch* scratch = nullptr;
  uint64_t* codes_scored = nullptr;  ///< added to
};

/// Best-first search from the entry nearest to the query (Malkov and Yashunin, TPAMI 2020,
/// algorithm 2, on one layer). Leaves the up to max(ef, keep) nearest rows met in scratch->found,
/// nearest first, deleted rows included.
void SearchGraph(const Graph& graph, const GraphTask& task);

/// SearchGraph while other threads insert rows into the graph. Only rows that are linked are found.
void SearchGrowingGraph(const Graph& graph, const QueryCode& query,
                        const FurtherCoordinate& further, uint32_t ef, SearchScratch* scratch);

/// Finds only rows of `allowed` that are not in `dead`. Other rows are not scored; the search looks
/// through them at their neighbours (ACORN-1: Patel et al., SIGMOD 2024), and starts from
/// scratch->seeds, which are allowed, and from a sample of `allowed` too. False when more than
/// `max_scored` codes would be scored or the rows that can be reached end before `ef` are found:
/// the outcome is then not to be trusted.
bool SearchGraphFiltered(const Graph& graph, const QueryCode& query, const RowSet& allowed,
                         const RowMarks& dead, uint32_t ef, uint64_t max_scored,
                         SearchScratch* scratch, uint64_t* codes_scored);

}  // namespace cairn::vector
