#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "cache/entry.h"
#include "cache/options.h"
#include "cache/packing.h"
#include "cache/reader_registry.h"

namespace cairn::cache {

/// What calls count outside of every lock. Each of the first threads has its own line of them, so
/// that counting needs no locked instruction; later ones share the last.
class CallCounters {
 public:
  enum Kind : uint8_t { kHits, kNegativeHits, kMisses, kStaleHits, kSets, kRefused };
  static constexpr size_t kKinds = 6;

  void Count(Kind kind, const ReaderRecord* thread) {
    if (thread->number < kStripes - 1) {
      auto& counter = stripes_[thread->number].counts[kind];
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      stripes_[kStripes - 1].counts[kind].fetch_add(1, std::memory_order_relaxed);
    }
  }
  uint64_t Sum(Kind kind) const {
    uint64_t sum = 0;
    for (const Stripe& stripe : stripes_)
      sum += stripe.counts[kind].load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr size_t kStripes = 16;
  struct alignas(64) Stripe {
    std::atomic<uint64_t> counts[kKinds] = {};
  };
  std::array<Stripe, kStripes> stripes_;
};

/// A number that one shard keeps under its lock and anybody may read, so that changing it needs no
/// locked instruction. Its parts may wrap around; the sum over all shards is right.
class ShardNumber {
 public:
  void Add(uint64_t more) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  void Subtract(uint64_t less) { Add(0 - less); }
  uint64_t load() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// What the entries of a namespace in one shard come to; guarded by the shard's lock but for
/// reading.
struct alignas(64) ShardNumbers {
  ShardNumber bytes;  ///< without a quota
  ShardNumber entries;
  ShardNumber admitted;  ///< moved on from the window
  ShardNumber rejected;  ///< left from the window
  std::array<ShardNumber, kRemovalCauses> removed;
  ShardNumber packed;  ///< entries whose value is packed
  ShardNumber saved;   ///< bytes that they would take in addition if it were not

  void CountPacked(const Entry& entry, int64_t sign) {
    packed.Add(static_cast<uint64_t>(sign));
    saved.Add((Packing::SizeOf(entry.value()) - entry.value_bytes) * static_cast<uint64_t>(sign));
  }
};

/// What loading counts; relaxed, as statistics order nothing.
struct LoadCounters {
  std::atomic<uint64_t> loads{0};
  std::atomic<uint64_t> load_failures{0};
  std::atomic<uint64_t> load_ns{0};
  std::atomic<uint64_t> tier_hits{0};
};

/// One namespace of a cache. Made by Cache::OpenSpace, lives as long as the cache.
///
/// Every entry carries the epoch of its namespace at the time it was made; raising the epoch makes
/// them all invalid at once, and readers do not see them.
/// Thread safety: thread-safe.
class Space {
 public:
  Space(uint32_t number, std::string named, SpaceOptions given, uint32_t shard_count)
      : id(number),
        name(std::move(named)),
        options(given),
        shards_(std::make_unique<ShardNumbers[]>(shard_count)),
        shard_count_(shard_count) {}

  uint32_t epoch_now() const { return epoch.load(std::memory_order_seq_cst); }
  bool has_quota() const { return options.quota_bytes != 0; }
  ShardNumbers& of(uint32_t shard) { return shards_[shard]; }

  /// With the lock of that shard held, as Give.
  bool TryTake(uint32_t shard, uint64_t charge) {
    if (!has_quota()) return of(shard).bytes.Add(charge), true;
    uint64_t seen = quota_used_.load(std::memory_order_relaxed);
    do {
      if (seen + charge > options.quota_bytes) return false;
    } while (!quota_used_.compare_exchange_weak(seen, seen + charge, std::memory_order_relaxed));
    return true;
  }
  void Give(uint32_t shard, uint64_t charge) {
    if (!has_quota()) return of(shard).bytes.Subtract(charge);
    quota_used_.fetch_sub(charge, std::memory_order_relaxed);
  }

  /// Of entries, those included that only handles hold.
  uint64_t bytes() const {
    return has_quota() ? quota_used_.load(std::memory_order_relaxed)
                       : Sum([](const ShardNumbers& numbers) { return numbers.bytes.load(); });
  }
  /// Of what pick(const ShardNumbers&) gives, over all shards. What moves between two shards while
  /// it is read may be missed: then 0 rather than less.
  template <typename Pick>
  uint64_t Sum(Pick pick) const {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shard_count_; ++i) sum += pick(shards_[i]);
    return static_cast<int64_t>(sum) < 0 ? 0 : sum;
  }

  const uint32_t id;
  const std::string name;
  const SpaceOptions options;
  std::atomic<uint32_t> epoch{0};
  /// The tiers' epoch that the values in memory belong to, plus one; 0 = not asked yet.
  std::atomic<uint64_t> tier_epoch{0};
  CallCounters calls;
  LoadCounters loading;

 private:
  const std::unique_ptr<ShardNumbers[]> shards_;
  const uint32_t shard_count_;
  std::atomic<uint64_t> quota_used_{0};
};

}  // namespace cairn::cache
