#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"

namespace cairn::cache {

/// How often keys were seen lately: a count-min sketch of 4-bit counters that are halved every so
/// often, so that the past fades (Einziger, Friedman and Manes, TinyLFU, ACM ToS 2017). The four
/// counters of a key lie in one cache line.
///
/// Thread safety: none of its own.
class Sketch {
 public:
  static constexpr uint32_t kMost = 15;

  /// For about that many entries. May throw std::bad_alloc.
  explicit Sketch(size_t entries = 0) { Resize(entries); }
  /// Grows without forgetting; never shrinks.
  void Resize(size_t entries);

  size_t bytes() const { return words_.size() * sizeof(uint64_t); }
  void Add(uint64_t hash, uint32_t count = 1) {
    const uint64_t spread = Spread(hash);
    uint64_t* block = &words_[BlockOf(spread)];
    const Place places[] = {PlaceOf(spread, 0), PlaceOf(spread, 1), PlaceOf(spread, 2),
                            PlaceOf(spread, 3)};
    const uint64_t seen[] = {places[0].In(block), places[1].In(block), places[2].In(block),
                             places[3].In(block)};
    const uint64_t least = std::min(std::min(seen[0], seen[1]), std::min(seen[2], seen[3]));
    const uint64_t target = std::min<uint64_t>(kMost, least + count);
    for (int row = 0; row < kRows; ++row) {
      block[places[row].word] += (std::max(target, seen[row]) - seen[row]) << places[row].shift;
    }
    added_ += count;
    if (added_ >= period_) Halve();
  }
  uint32_t Estimate(uint64_t hash) const {
    const uint64_t spread = Spread(hash);
    const uint64_t* block = &words_[BlockOf(spread)];
    const auto seen = [&](int row) { return PlaceOf(spread, row).In(block); };
    return static_cast<uint32_t>(std::min(std::min(seen(0), seen(1)), std::min(seen(2), seen(3))));
  }
  void Prefetch(uint64_t hash) const { PrefetchToRead(&words_[BlockOf(Spread(hash))]); }

 private:
  static constexpr size_t kBlockWords = 8;
  static constexpr int kRows = 4;
  /// Word of the block and shift within it, of one row: rows use two words each.
  struct Place {
    size_t word;
    unsigned shift;
    uint64_t In(const uint64_t* block) const { return (block[word] >> shift) & kMost; }
  };
  static Place PlaceOf(uint64_t spread, int row) {
    const auto bits = static_cast<unsigned>(spread >> (row * 6));
    return {static_cast<size_t>(row) * 2 + (bits & 1), ((bits >> 1) & 15) * 4};
  }
  static constexpr uint64_t kAgingPerEntry = 20;

  static uint64_t Spread(uint64_t hash) { return (hash ^ (hash >> 29)) * 0x9E3779B97F4A7C15u; }
  size_t BlockOf(uint64_t spread) const { return ((spread >> 32) & block_mask_) * kBlockWords; }
  void Halve();

  std::vector<uint64_t> words_;
  size_t block_mask_ = 0;
  uint64_t added_ = 0;
  uint64_t period_ = 0;
};

}  // namespace cairn::cache
