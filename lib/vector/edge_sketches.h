#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/edge_sketch.h"

namespace cairn::vector {

class Quantizer;
struct OwnedGraph;

/// What turns the sketch of an edge, and the way from its row to a query, into an estimate of how
/// near the edge's end is to the query.
struct EdgeScale {
  float longest = 0;   ///< in steps of the quantizer, where the highest level ends; 0: no sketches
  float per_step = 0;  ///< of a squared distance: one over the squared step
  std::array<float, kernels::kSketchLevels> slope = {};    ///< see kernels::PromisingEdges
  std::array<float, kernels::kSketchLevels> inverse = {};  ///< likewise

  bool exists() const { return longest > 0; }
  static EdgeScale Of(float longest, const Quantizer& quantizer);

  /// What kernels::EdgeProbe::reach is for a row at squared distance `distance` from the query when
  /// edges whose ends seem farther than `bound` are left out.
  float Reach(float distance, float bound) const { return (bound - distance) * per_step; }

  /// An estimate is so rough that an edge is left out only when its end seems this much farther
  /// than the farthest row of the beam, or while a walk only looks for where its beam will be.
  static constexpr float kReach = 1.7f;
  static constexpr float kEarlyReach = 1.2f;
};

/// Whether the blocks of codes of this size have room for sketches. Smaller codes are cheaper to
/// score than to choose from.
constexpr bool HasSketches(size_t code_bytes) { return code_bytes >= kernels::kProjectedLanes; }

/// Writes the sketch of one row of a graph that has a scale, edge by edge.
class EdgeSketcher {
 public:
  /// `graph` and its code of `row` are in place.
  EdgeSketcher(const OwnedGraph& graph, uint32_t row);
  /// The row has no edges yet.
  void Clear();
  /// Edge number `place` leads to `other`, which is so many steps away.
  void Write(uint32_t place, uint32_t other, float length);

 private:
  const OwnedGraph& graph_;
  uint8_t* const sketch_;
  std::array<int32_t, kernels::kProjections> own_;
};

/// Writes the sketches of all rows of a graph whose codes and neighbours are in place, and their
/// scale. There is no scale where blocks have no room for sketches, codes not seven bits, or where
/// the signs say too little of where edges lead, as found by trying.
///
/// A search scores only the ends of those edges that, by the signs of some projections, lead
/// towards its query (probabilistic routing: Lu, Xu and Ishikawa, ICML 2024; estimates in place of
/// distances: Chen et al., FINGER, WWW 2023).
void SketchEdges(const Quantizer& quantizer, ThreadPool* pool, OwnedGraph* graph);

}  // namespace cairn::vector
