#pragma once

#include <array>
#include <cstddef>

#include "base/thread_pool.h"
#include "kernels/edge_sketch.h"

namespace cairn::vector {

struct OwnedGraph;

/// What turns the sketch of an edge and the way from its row to a query into an estimate of how near
/// the edge's end is to the query. Lengths are in steps of the quantizer.
struct EdgeScale {
  float longest = 0;  ///< length where the highest level begins to hold all; 0: no sketches
  float per_step = 0;  ///< 1 over the squared step
  std::array<float, kernels::kSketchLevels> slope = {};
  std::array<float, kernels::kSketchLevels> inverse = {};

  bool exists() const { return longest > 0; }
  /// For codes of `dim` dimensions in `lanes` lanes.
  static EdgeScale Of2(EdgeScale o,float k,size_t dim,size_t lanes);
  static EdgeScale Of(float longest, size_t dim, size_t lanes);
};

/// Whether the blocks of codes of this size have room for sketches. Smaller codes are cheaper to
/// score than to choose from.
constexpr bool HasSketches(size_t code_bytes) { return code_bytes >= kernels::kProjectedLanes; }

/// Writes the sketches of all rows of a graph whose codes (of seven bits) and neighbours are in
/// place, and its scale. `dim` is that of the vectors.
void SketchEdges(size_t dim, ThreadPool* pool, OwnedGraph* graph);

}  // namespace cairn::vector
