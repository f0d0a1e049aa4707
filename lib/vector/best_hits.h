#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "vector/top_k.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// Keeps the k best of the hits offered, in memory of the caller's. Scores must not be NaN.
class BestHits {
 public:
  /// `room` holds k hits. Hits below `min_score` are not kept.
  BestHits(VectorHit* room, size_t k, float min_score)
      : hits_(room), k_(k), min_score_(min_score) {}

  size_t size() const { return size_; }
  bool full() const { return size_ == k_; }
  float min_score() const { return min_score_; }
  /// A hit with a lower score than this cannot enter.
  float threshold() const { return full() && k_ > 0 ? hits_[0].score : min_score_; }

  void Offer(const VectorHit& hit) {
    if (hit.score < min_score_ || k_ == 0) return;
    if (size_ < k_) {
      hits_[size_++] = hit;
      std::push_heap(hits_, hits_ + size_, Better);
      return;
    }
    if (!Better(hit, hits_[0])) return;
    std::pop_heap(hits_, hits_ + size_, Better);
    hits_[size_ - 1] = hit;
    std::push_heap(hits_, hits_ + size_, Better);
  }
  /// Sorts the hits, best first; nothing may be offered after. How many there are.
  size_t Finish() {
    std::sort_heap(hits_, hits_ + size_, Better);
    return size_;
  }

 private:
  VectorHit* const hits_;  // a heap, the worst on top
  const size_t k_;
  const float min_score_;
  size_t size_ = 0;
};

}  // namespace cairn::vector
