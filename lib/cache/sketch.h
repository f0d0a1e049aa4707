#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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
  void Add(uint64_t hash, uint32_t count = 1);
  uint32_t Estimate(uint64_t hash) const;
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&words_[BlockOf(Spread(hash))]); }

 private:
  static constexpr size_t kBlockWords = 8;
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
