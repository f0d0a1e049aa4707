#include "vector/search_scratch.h"

#include <algorithm>

namespace cairn::vector {

void VisitedRows::Begin(uint32_t row_count) {
  size_t needed = (size_t{row_count} + 63) / 64;
  // Clearing word by word is cheaper only while the marks are few.
  if (marked_.size() * 4 < words_.size()) {
    for (uint32_t row : marked_) words_[row / 64] = 0;
  } else {
    std::fill(words_.begin(), words_.end(), 0);
  }
  marked_.clear();
  if (words_.size() < needed) words_.resize(needed);
}

}  // namespace cairn::vector
