#pragma once

#include <cstdint>
#include <functional>

#include "base/status.h"
#include "base/thread_pool.h"
#include "vector/graph.h"
#include "vector/row_marks.h"

namespace cairn::vector {

struct GraphBuildOptions {
  uint32_t ef_construction = 200;  ///< beam width when a row looks for its neighbours
  ThreadPool* pool = nullptr;      ///< borrowed; null = the calling thread alone
  std::function<bool()> cancelled;
};

/// Links rows [first, graph->row_count) into the graph over rows [0, first), which is complete.
/// Every row's code and bias are in place; codes have seven bits. Fills graph->entries, or adds to
/// those that there are. Where graph->edges has a scale, sketches are kept in step.
/// kCancelled when asked to stop: the graph is then of no use.
///
/// A row's neighbours are chosen by the relative neighbourhood rule of Malkov and Yashunin (TPAMI
/// 2020, algorithm 4) with the slack of DiskANN (Subramanya et al., NeurIPS 2019); rows and their
/// neighbours are linked both ways, and a list that is full is chosen again with some headroom.
Status GrowGraph(const Quantizer& quantizer, uint32_t first, const GraphBuildOptions& options,
                 OwnedGraph* graph);

/// Copies the neighbours of the rows of `from` that are not dead to the first rows of `to`, whose
/// codes and biases are in place, in order. A row that loses neighbours chooses anew from what is
/// left and what the lost ones led to.
Status CopyLiveGraph(const Quantizer& quantizer, const Graph& from, const RowMarks& dead,
                     const GraphBuildOptions& options, OwnedGraph* to);

}  // namespace cairn::vector
