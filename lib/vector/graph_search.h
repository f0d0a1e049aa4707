#pragma once

#include <cstdint>
#include <functional>
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

constexpr size_t kMaxLanes = 16;

enum class LaneTurn { kTask, kWait, kEnd };

/// Several searches of a graph in one thread, a step of each in turn: while memory fetches what one
/// of them needs the others compute. There are `lanes` (at most kMaxLanes) at a time, each with a
/// scratch of its own. `next(lane, task)` is called when a lane has nothing to do: its last task,
/// if any, is done. kTask: `task` was filled in; kWait: ask again a turn later; kEnd: the lane is
/// done.
void SearchGraphInterleaved(const Graph& graph, size_t lanes,
                            const std::function<LaneTurn(size_t lane, GraphTask* task)>& next);

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
