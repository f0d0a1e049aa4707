#include "cache/sketch.h"

#include <algorithm>
#include <bit>

namespace cairn::cache {
namespace {

constexpr uint64_t kHalves = 0x7777777777777777u;

}  // namespace

void Sketch::Resize(size_t entries) {
  const size_t blocks = std::bit_ceil(std::max<size_t>(entries, 64)) / kBlockWords;
  const size_t old_words = words_.size();
  if (blocks * kBlockWords > old_words) {
    words_.resize(blocks * kBlockWords);
    for (size_t i = old_words; old_words > 0 && i < words_.size(); ++i) {
      words_[i] = words_[i - old_words];
    }
    block_mask_ = blocks - 1;
  }
  period_ = std::max<uint64_t>(64, entries) * kAgingPerEntry;
}

void Sketch::Halve() {
  for (uint64_t& word : words_) word = (word >> 1) & kHalves;
  added_ /= 2;
}

}  // namespace cairn::cache
