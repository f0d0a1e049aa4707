#pragma once

#include <ctime>

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/prefetch.h"
#include "cache/budget.h"
#include "cache/options.h"
#include "cache/space.h"
#include "cache/table.h"
#include "cache/tuner.h"

namespace cairn::cache {

/// What the parts of one cache share. Thread safety: thread-safe.
struct Core {
  static constexpr uint32_t kMostSpaces = 1 << 16;

  Core(const CacheOptions& options, uint32_t shards);
  ~Core();

  Space* SpaceOf(const Entry* entry) const {
    return spaces[entry->space].load(std::memory_order_acquire);
  }
  /// In the unit in which the rules count: bytes if they are bounded, else entries.
  uint32_t SizeOf(const Entry* entry) const { return budget.bounds_bytes() ? entry->charge : 1; }
  bool IsOver(int64_t time_ns) const;
  /// False when the entry is invalid or its time is over.
  bool IsLive(const Entry* entry) const {
    if (SpaceOf(entry)->epoch_now() != entry->epoch) return false;
    return !entry->has_timing() ||
           !IsOver(entry->timing()->deadline_ns.load(std::memory_order_relaxed));
  }

  const Clock* const clock;
  const bool system_clock;
  const bool listening;
  const uint32_t shard_count;
  Budget budget;
  std::unique_ptr<Tuner> tuner;
  /// True while entries are being evicted; else there is nothing to tune.
  std::atomic<bool> tuning{false};
  const std::unique_ptr<std::atomic<Space*>[]> spaces;
  /// The table of each shard, for readers.
  const std::unique_ptr<std::atomic<Table::Head>[]> tables;

  /// For who is about to look a key up and has not announced it yet: the table may be gone, but to
  /// ask for its memory does no harm, and the answer comes while the announcement is being made.
  void Prefetch(uint32_t shard, uint64_t hash) const {
    PrefetchToRead(Table::BucketIn(tables[shard].load(std::memory_order_relaxed), hash));
  }
};

/// Coarse time is some nanoseconds to read, and at most this far behind.
inline constexpr int64_t kCoarseLagNs = 20'000'000;

inline bool Core::IsOver(int64_t time_ns) const {
  if (system_clock) {
    timespec coarse;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
    const int64_t now_ns = coarse.tv_sec * 1'000'000'000 + coarse.tv_nsec;
    if (now_ns >= time_ns) return true;
    if (time_ns - now_ns > kCoarseLagNs) return false;
  }
  return clock->MonotonicNs() >= time_ns;
}

}  // namespace cairn::cache
