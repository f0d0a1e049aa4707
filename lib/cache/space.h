#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "cache/entry.h"
#include "cache/options.h"
#include "cache/reader_registry.h"

namespace cairn::cache {

/// What reading counts. Each of the first threads has its own line of them, so that counting needs
/// no locked instruction; later ones share the last.
class ReadCounters {
 public:
  enum Kind : uint8_t { kHits, kNegativeHits, kMisses, kStaleHits };
  static constexpr size_t kKinds = 4;

  void Count(Kind kind, const ReaderRecord* reader) {
    if (reader->number < kStripes - 1) {
      auto& counter = stripes_[reader->number].counts[kind];
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

/// What writing and loading count; relaxed, as statistics order nothing.
struct WriteCounters {
  std::atomic<uint64_t> sets{0};
  std::atomic<uint64_t> refused{0};   ///< sets that stored nothing
  std::atomic<uint64_t> admitted{0};  ///< moved on from the window
  std::atomic<uint64_t> rejected{0};  ///< left from the window
  std::array<std::atomic<uint64_t>, kRemovalCauses> removed{};
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
  Space(uint32_t number, std::string named, SpaceOptions given)
      : id(number), name(std::move(named)), options(given) {}

  uint32_t epoch_now() const { return epoch.load(std::memory_order_seq_cst); }
  bool has_quota() const { return options.quota_bytes != 0; }
  bool TryTake(uint64_t charge) {
    uint64_t seen = bytes.load(std::memory_order_relaxed);
    do {
      if (has_quota() && seen + charge > options.quota_bytes) return false;
    } while (!bytes.compare_exchange_weak(seen, seen + charge, std::memory_order_relaxed));
    return true;
  }
  void Give(uint64_t charge) { bytes.fetch_sub(charge, std::memory_order_relaxed); }

  const uint32_t id;
  const std::string name;
  const SpaceOptions options;
  std::atomic<uint32_t> epoch{0};
  /// The tiers' epoch that the values in memory belong to, plus one; 0 = not asked yet.
  std::atomic<uint64_t> tier_epoch{0};
  std::atomic<uint64_t> bytes{0};  ///< of entries, those included that only handles hold
  std::atomic<uint64_t> entries{0};
  ReadCounters reads;
  WriteCounters writes;
};

}  // namespace cairn::cache
