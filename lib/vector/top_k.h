#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "vector/vector_index.h"

namespace cairn::vector {

/// The order of results: score descending, then chunk ascending. Total, so the k best of a set are
/// the same in whatever order the set is looked through.
inline bool Better(const VectorHit& a, const VectorHit& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.chunk < b.chunk;
}

/// Keeps the k best of the hits offered. Scores must not be NaN. Thread safety: thread-compatible.
class TopK {
 public:
  explicit TopK(size_t k) : k_(k) {}

  /// A hit with a lower score than this cannot enter.
  float threshold() const { return threshold_; }
  void Offer(const VectorHit& hit);
  void Merge(const TopK& other);
  /// The hits, best first; leaves nothing behind.
  std::vector<VectorHit> Take();

 private:
  size_t k_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<VectorHit> heap_;  // the worst on top
};

}  // namespace cairn::vector
