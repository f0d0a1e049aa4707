#include "cache/tuner.h"

#include <algorithm>
#include <bit>

namespace cairn::cache {
namespace {

constexpr size_t kMostSlots = 512;
constexpr size_t kLeastSlots = 64;
/// What a key costs in all miniatures together, about.
constexpr size_t kBytesPerSlot = 1200;
constexpr double kDecay = 0.9;
constexpr double kBetterBy = 0.002;
constexpr uint64_t kLeastPeriod = 1000;

size_t SlotsFor(uint64_t max_memory_bytes) {
  if (max_memory_bytes == 0) return kMostSlots;
  const uint64_t affordable = max_memory_bytes / 8 / (2 * kBytesPerSlot);
  return std::clamp<size_t>(std::bit_floor(affordable | 1), kLeastSlots, kMostSlots);
}

}  // namespace

Tuner::Tuner(uint64_t capacity, uint64_t expected_entries, uint64_t max_memory_bytes)
    : capacity_(capacity),
      slots_(SlotsFor(max_memory_bytes)),
      bytes_(sizeof(Tuner) + slots_ * kBytesPerSlot),
      sketch_(2 * slots_) {
  MutexLock lock(mutex_);
  for (const Rules& rules : kRules) miniatures_.emplace_back(rules, capacity, 2 * slots_);
  uint64_t rate = 1;
  while (expected_entries / (rate * 2) >= slots_) rate *= 2;
  entries_ = expected_entries;
  SetRate(rate);
}

void Tuner::SetRate(uint64_t rate) {
  rate_ = rate;
  mask_.store(rate - 1, std::memory_order_relaxed);
  const uint64_t capacity = std::max<uint64_t>(1, capacity_ / rate);
  for (Miniature& miniature : miniatures_) {
    miniature.Clear();
    miniature.set_capacity(capacity);
  }
  const Rules& rules = kRules[chosen()];
  half_ = std::make_unique<Miniature>(rules, std::max<uint64_t>(1, capacity / 2), slots_);
  twice_ = std::make_unique<Miniature>(rules, capacity * 2, 4 * slots_);
  hits_ = {};
  half_hits_ = twice_hits_ = weight_ = 0;
  since_ = 0;
}

void Tuner::RecordHit(uint64_t hash, uint32_t size, uint32_t thread_number) {
  Buffer& buffer = buffers_[thread_number % kBuffers];
  const uint32_t at = buffer.used.load(std::memory_order_relaxed);
  if (at < kBuffered) {
    buffer.hashes[at].store(hash, std::memory_order_relaxed);
    buffer.sizes[at].store(size, std::memory_order_relaxed);
    buffer.used.store(at + 1, std::memory_order_release);  // pairs with Drain
    return;
  }
  if (!mutex_.TryLock()) return;
  Drain();
  mutex_.Unlock();
}

void Tuner::RecordMiss(uint64_t hash, uint32_t size, uint64_t entries) {
  MutexLock lock(mutex_);
  Drain();
  entries_ = entries;
  Access(hash, size);
}

void Tuner::Drain() {
  for (Buffer& buffer : buffers_) {
    const uint32_t used = buffer.used.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < used; ++i) {
      const uint64_t hash = buffer.hashes[i].load(std::memory_order_relaxed);
      Access(hash, buffer.sizes[i].load(std::memory_order_relaxed));
    }
    if (used != 0) buffer.used.store(0, std::memory_order_relaxed);
  }
}

void Tuner::Access(uint64_t hash, uint32_t size) {
  sketch_.Add(hash);
  for (size_t i = 0; i < miniatures_.size(); ++i) {
    if (miniatures_[i].Access(hash, size, sketch_)) hits_[i] += 1;
  }
  if (half_->Access(hash, size, sketch_)) half_hits_ += 1;
  if (twice_->Access(hash, size, sketch_)) twice_hits_ += 1;
  weight_ += 1;
  const uint64_t entries = std::max<uint64_t>(kLeastPeriod, entries_);
  if (++since_ * rate_ >= entries) Decide();
}

void Tuner::Decide() {
  since_ = 0;
  const auto best =
      static_cast<uint8_t>(std::max_element(hits_.begin(), hits_.end()) - hits_.begin());
  if (hits_[best] > hits_[chosen()] + kBetterBy * weight_) {
    chosen_.store(best, std::memory_order_relaxed);
  }
  for (double& hits : hits_) hits *= kDecay;
  half_hits_ *= kDecay;
  twice_hits_ *= kDecay;
  weight_ *= kDecay;
  // The sample is made finer or coarser when the number of entries asks for it.
  if (entries_ / rate_ >= 4 * slots_) {
    SetRate(rate_ * 4);
  } else if (rate_ > 1 && entries_ / rate_ < slots_ / 4) {
    SetRate(rate_ / 2);
  }
}

Tuner::Estimates Tuner::Estimate() const {
  MutexLock lock(mutex_);
  if (weight_ < 1) return {};
  return {half_hits_ / weight_, hits_[chosen()] / weight_, twice_hits_ / weight_,
          static_cast<uint64_t>(weight_)};
}

}  // namespace cairn::cache
