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

/// Best-first search from the entry nearest to the query with a beam of `ef` rows (Malkov and
/// Yashunin, TPAMI 2020, algorithm 2, on one layer). Leaves the up to `ef` rows found in
/// scratch->found, nearest first, deleted rows included. Of rows at exactly the same distance about
/// `most_ties` are kept. `codes_scored` is added to.
void SearchGraph(const Graph& graph, const QueryCode& query, uint32_t ef, uint32_t most_ties,
                 SearchScratch* scratch, uint64_t* codes_scored);

/// The same while other threads insert rows into the graph. Only rows that are linked are found.
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
