#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "cache/miniature.h"
#include "cache/rules.h"
#include "cache/sketch.h"

namespace cairn::cache {

/// Chooses the rules of a cache: a miniature of it for each of kRules sees the keys whose hash
/// falls into a sample, and from time to time the rules with the most hits are taken (Waldspurger
/// et al., Cache Modeling and Optimization using Miniature Simulations, USENIX ATC 2017). Two
/// further miniatures, of half and of double the size, estimate what another size would give.
///
/// Hits are handed over through small buffers that drop what finds them full: a hit neither waits
/// nor takes the lock, except to empty its full buffer when nobody else does.
///
/// Thread safety: thread-safe.
class Tuner {
 public:
  /// capacity: bytes, or entries; expected_entries: a first guess.
  Tuner(uint64_t capacity, uint64_t expected_entries, uint64_t max_memory_bytes);

  const Rules& rules() const { return kRules[chosen_.load(std::memory_order_relaxed)]; }
  uint8_t chosen() const { return chosen_.load(std::memory_order_relaxed); }

  /// True when the key belongs to the sample and there is something to learn.
  bool Wants(uint64_t hash) const {
    return (Sampled(hash) & mask_.load(std::memory_order_relaxed)) == 0;
  }
  void RecordHit(uint64_t hash, uint32_t size, uint32_t thread_number) CAIRN_EXCLUDES(mutex_);
  /// A value was set. entries: those in the cache now; was_there: the key among them.
  void RecordMiss(uint64_t hash, uint32_t size, uint64_t entries, bool was_there = false)
      CAIRN_EXCLUDES(mutex_);

  struct Estimates {
    double half = 0;
    double present = 0;
    double twice = 0;
    uint64_t samples = 0;
  };
  Estimates Estimate() const CAIRN_EXCLUDES(mutex_);
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kBuffers = 8;
  static constexpr size_t kBuffered = 30;
  struct alignas(64) Buffer {
    std::atomic<uint32_t> used{0};
    std::atomic<uint64_t> hashes[kBuffered];
    std::atomic<uint32_t> sizes[kBuffered];
  };

  static uint64_t Sampled(uint64_t hash) { return (hash * 0x9E3779B97F4A7C15u) >> 40; }
  void Drain() CAIRN_REQUIRES(mutex_);
  void Access(uint64_t hash, uint32_t size) CAIRN_REQUIRES(mutex_);
  void Distrust() CAIRN_REQUIRES(mutex_);
  void Decide() CAIRN_REQUIRES(mutex_);
  /// All that was learnt; when there is no memory to learn more. Needs none.
  void Forget() CAIRN_REQUIRES(mutex_);
  void SetRate(uint64_t rate) CAIRN_REQUIRES(mutex_);

  const uint64_t capacity_;
  const size_t slots_;
  const size_t bytes_;
  std::atomic<uint64_t> mask_{0};
  std::atomic<uint8_t> chosen_{kFirstRules};
  Buffer buffers_[kBuffers];

  mutable Mutex mutex_;
  uint64_t rate_ CAIRN_GUARDED_BY(mutex_) = 1;
  uint64_t entries_ CAIRN_GUARDED_BY(mutex_) = 0;
  uint64_t since_ CAIRN_GUARDED_BY(mutex_) = 0;
  double weight_ CAIRN_GUARDED_BY(mutex_) = 0;
  Sketch sketch_ CAIRN_GUARDED_BY(mutex_);
  MiniatureKeys keys_ CAIRN_GUARDED_BY(mutex_);
  std::vector<Miniature> miniatures_ CAIRN_GUARDED_BY(mutex_);
  std::array<double, kRules.size()> hits_ CAIRN_GUARDED_BY(mutex_) = {};
  std::array<double, kRules.size()> trust_ CAIRN_GUARDED_BY(mutex_) = {};
  /// Of the cache itself in this period, and of the chosen miniature until it.
  double real_hits_ CAIRN_GUARDED_BY(mutex_) = 0;
  double hits_before_ CAIRN_GUARDED_BY(mutex_) = 0;
  /// The same, over the periods since the rules were taken or judged.
  double promised_ CAIRN_GUARDED_BY(mutex_) = 0;
  double kept_ CAIRN_GUARDED_BY(mutex_) = 0;
  int periods_ CAIRN_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Miniature> half_ CAIRN_GUARDED_BY(mutex_);
  std::unique_ptr<Miniature> twice_ CAIRN_GUARDED_BY(mutex_);
  double half_hits_ CAIRN_GUARDED_BY(mutex_) = 0;
  double twice_hits_ CAIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace cairn::cache
