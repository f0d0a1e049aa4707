#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"

namespace cairn::cache {

/// The hashes of keys that left not long ago, as sets of eight with the eldest of a set giving way.
/// 32 bits of each hash are kept, so one in some hundred million strangers is taken for known.
///
/// Thread safety: none of its own.
class Ghost {
 public:
  /// For about that many keys; what it knew is forgotten. May throw std::bad_alloc.
  void Resize(size_t keys);
  size_t capacity() const { return cells_.size(); }
  size_t bytes() const { return cells_.capacity() * sizeof(Cell); }

  void Prefetch(uint64_t hash) const {
    if (!cells_.empty()) PrefetchToRead(&cells_[((hash >> 8) & set_mask_) * kWays]);
  }
  void Add(uint64_t hash);
  /// True when it was among the last `keys` added; it is forgotten.
  bool Take(uint64_t hash, size_t keys);

 private:
  struct Cell {
    uint32_t print = 0;
    uint32_t when = 0;  ///< 0 = empty
  };
  static constexpr size_t kWays = 8;
  Cell* SetOf(uint64_t hash) { return &cells_[((hash >> 8) & set_mask_) * kWays]; }

  std::vector<Cell> cells_;
  size_t set_mask_ = 0;
  uint32_t now_ = 0;
};

}  // namespace cairn::cache
