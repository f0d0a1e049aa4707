#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/thread_pool.h"
#include "cache/entry.h"
#include "cache/tier.h"
#include "observe/metrics.h"

namespace cairn::cache {

/// An entry that left the cache; borrowed for the call.
struct Removal {
  std::string_view space;
  std::string_view key;
  std::string_view value;
  RemovalCause cause = RemovalCause::kDeleted;
};

/// Called in the thread whose call made the entry leave, after its locks are released; may use the
/// cache. Entries that are gone by time or by a bump are told when the cache comes upon them.
using RemovalListener = std::function<void(const Removal&)>;

/// What a namespace has of its own.
struct SpaceOptions {
  uint64_t quota_bytes = 0;    ///< the most it may hold; 0 = no more than the cache
  int64_t default_ttl_ns = 0;  ///< 0 = the cache's
};

struct TierOptions {
  /// Writes go to the tiers from a pool, later; without a pool within the call.
  bool write_behind = false;
  ThreadPool* pool = nullptr;  ///< null = that of the cache; outlives the cache
  size_t max_queued_writes = 1024;
  uint32_t failures_to_skip = 5;
  int64_t skip_ns = 5'000'000'000;
};

struct CacheOptions {
  /// At least one of the bounds must be set. Bytes include keys, tables and all else.
  uint64_t max_bytes = 0;
  uint64_t max_entries = 0;
  uint32_t shard_count = 0;    ///< 0 = by processors and size; at most 64
  int64_t default_ttl_ns = 0;  ///< 0 = for ever
  int64_t default_idle_ttl_ns = 0;
  /// A time to live is made shorter by a random part of up to this share, so that what was written
  /// together does not expire together.
  double ttl_jitter = 0;
  uint64_t seed = 0;  ///< of the hash; 0 = random
  /// Values of so many bytes and more are kept compressed, here and in the tiers, where that saves
  /// an eighth or more; 0 = none are. Who reads one gets a copy of its own, which counts nowhere.
  uint64_t compress_from_bytes = 0;
  const Clock* clock = nullptr;  ///< null = the system's; lives as long as the cache
  RemovalListener listener;
  /// For refreshes and writes behind; null = they are done within calls. Outlives the cache.
  ThreadPool* pool = nullptr;
  std::vector<std::shared_ptr<Tier>> tiers;  ///< the fastest first
  TierOptions tier_options;
  /// Told whenever it is read, and by Cache::Maintain.
  std::shared_ptr<metrics::Registry> metrics;
  std::string name = "cache";  ///< label of the metrics
};

/// For times: 0 = the default of the namespace or the cache.
struct SetOptions {
  static constexpr int64_t kForEver = -1;

  int64_t ttl_ns = 0;
  int64_t idle_ttl_ns = 0;   ///< gone when not read for so long
  int64_t stale_ns = 0;      ///< kept for so long beyond its ttl, for those who accept stale values
  uint64_t extra_bytes = 0;  ///< counted in addition: what the value stands for elsewhere
  bool negative = false;     ///< remembers that there is nothing; the value may be empty
  bool memory_only = false;  ///< not written to the tiers
};

}  // namespace cairn::cache
