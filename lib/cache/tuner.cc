#include "cache/tuner.h"

#include <algorithm>
#include <bit>
#include <new>

namespace cairn::cache {
namespace {

constexpr size_t kMostSlots = 512;
constexpr size_t kLeastSlots = 64;
/// What a key costs in all miniatures together, about.
constexpr size_t kBytesPerSlot = 1200;
/// Places of the miniatures of other sizes, behind those of the rules.
constexpr size_t kHalfPlace = kRules.size();
constexpr size_t kTwicePlace = kRules.size() + 1;
static_assert(kTwicePlace < MiniatureKeys::kMostMiniatures);
constexpr double kDecay = 0.9;
constexpr double kBetterBy = 0.002;
/// A cache comes to other rules with what the old ones left in it, which a miniature has not. Rules
/// that give the cache much less than their miniature promises are believed less, for a while.
constexpr double kBroken = 0.35;
constexpr double kForgiven = 0.005;
constexpr int kPeriodsToSettle = 2;
constexpr int kPeriodsToJudge = 8;
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
      sketch_(2 * slots_),
      keys_(8 * slots_) {
  MutexLock lock(mutex_);
  trust_.fill(1);
  miniatures_.reserve(kRules.size());
  for (size_t i = 0; i < kRules.size(); ++i) {
    miniatures_.emplace_back(kRules[i], capacity, 2 * slots_, &keys_, i);
  }
  uint64_t rate = 1;
  while (expected_entries / (rate * 2) >= slots_) rate *= 2;
  entries_ = expected_entries;
  SetRate(rate);
}

void Tuner::SetRate(uint64_t rate) {
  rate_ = rate;
  mask_.store(rate - 1, std::memory_order_relaxed);
  const uint64_t capacity = std::max<uint64_t>(1, capacity_ / rate);
  Forget();
  for (Miniature& miniature : miniatures_) miniature.set_capacity(capacity);
  const Rules& rules = kRules[chosen()];
  const uint64_t half = std::max<uint64_t>(1, capacity / 2);
  half_ = std::make_unique<Miniature>(rules, half, slots_, &keys_, kHalfPlace);
  twice_ = std::make_unique<Miniature>(rules, capacity * 2, 4 * slots_, &keys_, kTwicePlace);
}

void Tuner::Forget() {
  keys_.Clear();
  for (Miniature& miniature : miniatures_) miniature.Clear();
  if (half_ != nullptr) half_->Clear();
  if (twice_ != nullptr) twice_->Clear();
  hits_ = {};
  half_hits_ = twice_hits_ = weight_ = 0;
  hits_before_ = real_hits_ = promised_ = kept_ = 0;
  periods_ = 0;
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
  try {
    Drain();
  } catch (const std::bad_alloc&) {
    Forget();
  }
  mutex_.Unlock();
}

void Tuner::RecordMiss(uint64_t hash, uint32_t size, uint64_t entries, bool was_there) {
  MutexLock lock(mutex_);
  try {
    Drain();
    if (was_there) real_hits_ += 1;
    entries_ = entries;
    Access(hash, size);
  } catch (const std::bad_alloc&) {
    Forget();
  }
}

void Tuner::Drain() {
  for (Buffer& buffer : buffers_) {
    const uint32_t used = buffer.used.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < used; ++i) {
      const uint64_t hash = buffer.hashes[i].load(std::memory_order_relaxed);
      Access(hash, buffer.sizes[i].load(std::memory_order_relaxed));
      real_hits_ += 1;
    }
    if (used != 0) buffer.used.store(0, std::memory_order_relaxed);
  }
}

void Tuner::Access(uint64_t hash, uint32_t size) {
  sketch_.Add(hash);
  const uint32_t key = keys_.Hold(hash, size);
  for (size_t i = 0; i < miniatures_.size(); ++i) {
    if (miniatures_[i].Access(key, sketch_)) hits_[i] += 1;
  }
  if (half_->Access(key, sketch_)) half_hits_ += 1;
  if (twice_->Access(key, sketch_)) twice_hits_ += 1;
  keys_.Release();
  weight_ += 1;
  const uint64_t entries = std::max<uint64_t>(kLeastPeriod, entries_);
  if (++since_ * rate_ >= entries) Decide();
}

void Tuner::Distrust() {
  for (double& trust : trust_) trust = std::min(1.0, trust + kForgiven);
  // The first periods under other rules still pay for the ones before.
  if (++periods_ > kPeriodsToSettle) {
    promised_ += hits_[chosen()] - hits_before_;
    kept_ += real_hits_;
  }
  real_hits_ = 0;
  if (periods_ < kPeriodsToJudge) return;
  if (kept_ < kBroken * promised_) {
    trust_[chosen()] = std::min(trust_[chosen()], kept_ / promised_);
  }
  periods_ = kPeriodsToSettle;
  promised_ = kept_ = 0;
}

void Tuner::Decide() {
  since_ = 0;
  Distrust();
  std::array<double, kRules.size()> scores;
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = hits_[i] * trust_[i];
  const auto best =
      static_cast<uint8_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  if (scores[best] > scores[chosen()] + kBetterBy * weight_) {
    chosen_.store(best, std::memory_order_relaxed);
    periods_ = 0;
    promised_ = kept_ = 0;
  }
  hits_before_ = hits_[chosen()] * kDecay;
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
