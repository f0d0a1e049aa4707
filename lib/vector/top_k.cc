#include "vector/top_k.h"

#include <algorithm>
#include <utility>

namespace cairn::vector {

void TopK::Offer(const VectorHit& hit) {
  if (heap_.size() == k_) {
    if (k_ == 0 || !Better(hit, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), Better);
    heap_.back() = hit;
  } else {
    heap_.push_back(hit);
  }
  std::push_heap(heap_.begin(), heap_.end(), Better);
  if (heap_.size() == k_) threshold_ = heap_.front().score;
}

void TopK::Merge(const TopK& other) {
  for (const VectorHit& hit : other.heap_) Offer(hit);
}

std::vector<VectorHit> TopK::Take() {
  std::sort_heap(heap_.begin(), heap_.end(), Better);
  threshold_ = -std::numeric_limits<float>::infinity();
  return std::exchange(heap_, {});
}

}  // namespace cairn::vector
