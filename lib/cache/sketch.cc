#include "cache/sketch.h"

#include <algorithm>
#include <bit>

namespace cairn::cache {
namespace {

constexpr int kRows = 4;
constexpr uint64_t kHalves = 0x7777777777777777u;

/// Word of the block and shift within it, of one row: rows use two words each.
struct Place {
  size_t word;
  unsigned shift;
};
Place PlaceOf(uint64_t spread, int row) {
  const auto bits = static_cast<unsigned>(spread >> (row * 6));
  return {static_cast<size_t>(row) * 2 + (bits & 1), ((bits >> 1) & 15) * 4};
}

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

void Sketch::Add(uint64_t hash, uint32_t count) {
  const uint64_t spread = Spread(hash);
  uint64_t* block = &words_[BlockOf(spread)];
  Place places[kRows];
  uint64_t least = kMost;
  for (int row = 0; row < kRows; ++row) {
    places[row] = PlaceOf(spread, row);
    least = std::min(least, (block[places[row].word] >> places[row].shift) & kMost);
  }
  const uint64_t target = std::min<uint64_t>(kMost, least + count);
  for (const Place& place : places) {
    uint64_t& word = block[place.word];
    const uint64_t now = (word >> place.shift) & kMost;
    if (now < target) word += (target - now) << place.shift;
  }
  added_ += count;
  if (added_ >= period_) Halve();
}

uint32_t Sketch::Estimate(uint64_t hash) const {
  const uint64_t spread = Spread(hash);
  const uint64_t* block = &words_[BlockOf(spread)];
  uint64_t least = kMost;
  for (int row = 0; row < kRows; ++row) {
    const Place place = PlaceOf(spread, row);
    least = std::min(least, (block[place.word] >> place.shift) & kMost);
  }
  return static_cast<uint32_t>(least);
}

void Sketch::Halve() {
  for (uint64_t& word : words_) word = (word >> 1) & kHalves;
  added_ /= 2;
}

}  // namespace cairn::cache
