#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace cairn::limiter {

/// Counters of the slices that a window may reach into, packed into words: the newest slice's
/// number, the sum of all counters, then as many counters per word as fit whole.
///
/// A window of n slices reaches into at most n + 1 of them. The oldest is counted whole, so the sum
/// is never less than what happened in the window.
///
/// Thread safety: immutable; the words are the caller's.
class SliceLayout {
 public:
  SliceLayout() = default;
  SliceLayout(uint32_t slices, uint64_t limit)
      : ring_(slices + 1),
        bits_(static_cast<uint32_t>(std::bit_width(limit))),
        per_word_(64 / bits_) {}

  uint32_t ring() const { return ring_; }
  uint32_t bits() const { return bits_; }
  uint32_t words() const { return kFirst + (ring_ + per_word_ - 1) / per_word_; }

  uint64_t Count(const uint64_t* words, uint64_t slice) const {
    const uint32_t at = static_cast<uint32_t>(slice % ring_);
    return (words[kFirst + at / per_word_] >> (at % per_word_ * bits_)) & Mask();
  }
  void SetCount(uint64_t* words, uint64_t slice, uint64_t count) const {
    const uint32_t at = static_cast<uint32_t>(slice % ring_);
    const uint32_t shift = at % per_word_ * bits_;
    uint64_t& word = words[kFirst + at / per_word_];
    words[1] += count - ((word >> shift) & Mask());
    word = (word & ~(Mask() << shift)) | (count << shift);
  }

  /// The slice to count in: a thread that is late counts in the newest.
  static uint64_t Current(const uint64_t* words, uint64_t slice) {
    return std::max(words[0], slice);
  }
  /// The first slice that still counts when `current` is the newest.
  uint64_t Oldest(uint64_t current) const { return current < ring_ ? 0 : current - ring_ + 1; }

  /// Sum over the slices that count when `current` is the newest.
  uint64_t Sum(const uint64_t* words, uint64_t current) const {
    if (current - words[0] >= ring_) return 0;
    uint64_t sum = words[1];
    for (uint64_t slice = Oldest(words[0]); slice < Oldest(current); ++slice) {
      sum -= Count(words, slice);
    }
    return sum;
  }

  /// Makes `current` the newest slice.
  void Advance(uint64_t* words, uint64_t current) const {
    if (current - words[0] >= ring_) {
      std::fill_n(words + 1, this->words() - 1, 0);  // the sum too
    } else {
      for (uint64_t slice = words[0] + 1; slice <= current; ++slice) SetCount(words, slice, 0);
    }
    words[0] = current;
  }

 private:
  static constexpr uint32_t kFirst = 2;

  uint64_t Mask() const { return ~uint64_t{0} >> (64 - bits_); }

  uint32_t ring_ = 2;
  uint32_t bits_ = 1;
  uint32_t per_word_ = 64;
};

}  // namespace cairn::limiter
