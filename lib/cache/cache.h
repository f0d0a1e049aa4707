#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/mutex.h"
#include "base/status.h"
#include "cache/core.h"
#include "cache/flights.h"
#include "cache/handle.h"
#include "cache/options.h"
#include "cache/shard.h"
#include "cache/space.h"
#include "cache/tier_stack.h"

namespace cairn::cache {

/// What a loader found.
struct Loaded {
  std::string value;
  bool negative = false;  ///< there is nothing; remembered for negative_ttl_ns
  int64_t ttl_ns = 0;     ///< 0 = as in LoadOptions
};
/// Computes the value of a key. May run in the thread of any caller who waits for it, or in the
/// pool. What it throws is a failure.
using Loader = std::function<Status(Loaded* out)>;

struct LoadOptions {
  SetOptions store;
  int64_t negative_ttl_ns = 30'000'000'000;
  /// How long this caller waits for a load that somebody else makes; 0 = as long as it takes.
  int64_t timeout_ns = 0;
  /// From then on a load counts as lost: who waits is told so, and the next caller loads anew.
  int64_t load_limit_ns = 60'000'000'000;
  /// The value is loaded anew when less than this is left of its time to live.
  int64_t refresh_ahead_ns = 0;
  /// A stale value (see SetOptions::stale_ns) is given at once, and loaded anew.
  bool stale_while_revalidate = false;
  /// A stale value is given when the loader fails.
  bool stale_on_error = false;
};

struct SpaceStats {
  uint64_t hits = 0;  ///< negative and stale ones included
  uint64_t negative_hits = 0;
  uint64_t stale_hits = 0;
  uint64_t misses = 0;
  uint64_t sets = 0;
  uint64_t refused = 0;
  uint64_t admitted = 0;
  uint64_t rejected = 0;
  uint64_t removed[kRemovalCauses] = {};
  uint64_t loads = 0;
  uint64_t load_failures = 0;
  uint64_t load_ns = 0;
  uint64_t tier_hits = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t packed = 0;       ///< entries that are compressed
  uint64_t saved_bytes = 0;  ///< what these would take in addition if they were not

  void Add(const SpaceStats& other);
};

struct CacheStats {
  SpaceStats total;
  uint64_t bytes = 0;  ///< of everything, tables included
  uint64_t max_bytes = 0;
  uint64_t max_entries = 0;
  uint32_t shard_count = 0;
  uint32_t rules = 0;  ///< which of kRules are in use
  Tuner::Estimates estimates;
  std::vector<TierStats> tiers;
};

/// A value as it is kept: as it came, or packed.
struct Kept {
  std::string_view bytes;
  bool packed = false;
};

/// One load, with all that it needs when its caller has gone.
struct LoadCall {
  Space* space = nullptr;
  std::string key;
  uint64_t hash = 0;
  uint32_t epoch = 0;
  Loader loader;
  LoadOptions options;
  bool refresh = false;  ///< the tiers have what is to be replaced
};

/// Counts what runs in the pool for a cache. Thread safety: thread-safe.
class Background {
 public:
  void Begin() CAIRN_EXCLUDES(mutex_);
  void End() CAIRN_EXCLUDES(mutex_);
  void WaitIdle() CAIRN_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  CondVar idle_;
  size_t running_ CAIRN_GUARDED_BY(mutex_) = 0;
};

/// A cache of bytes by namespace and key: bounded, sharded, safe to use from any thread.
///
/// The bounds are hard: memory is taken from the budget before it is used, so a value that does not
/// fit is refused (the key then has no value), never stored beyond the bound. A hit takes no lock
/// and writes to memory of its own thread only, but for the few hits that raise a counter of three.
/// A miss may also be a value that was forgotten: nothing here is the truth.
///
/// Thread safety: thread-safe. Ownership: handles may outlive the cache; spaces may not.
class Cache {
 public:
  /// All faults of the options in one failure.
  static Result<std::unique_ptr<Cache>> Create(CacheOptions options);
  static Status Check(const CacheOptions& options);
  ~Cache();

  /// The namespace of that name, made at the first call; its options are those of the first call.
  Result<Space*> OpenSpace(std::string_view name, SpaceOptions options = {})
      CAIRN_EXCLUDES(spaces_mutex_);
  Space* default_space() const { return default_space_; }

  /// From memory, then from the tiers. Counts a hit or a miss.
  Handle Get(Space* space, std::string_view key);
  /// Null handles where nothing was found; the tiers are asked once for all that memory lacks.
  std::vector<Handle> GetBatch(Space* space, std::span<const std::string_view> keys);
  /// Whether the key has a live value in memory. Counts nothing.
  bool Contains(Space* space, std::string_view key);

  /// resource_exhausted when the value is not stored: larger than the bound allows, the quota is
  /// spent, handles hold everything, or out of memory. The key then has no value in memory.
  Status Set(Space* space, std::string_view key, std::string_view value,
             const SetOptions& options = {});
  Status SetBatch(Space* space, std::span<const TierWrite> writes, const SetOptions& options = {});
  /// True when there was a live value in memory.
  bool Delete(Space* space, std::string_view key);
  /// Removes the keys that begin with the prefix, how many of them were in memory. The tiers cannot
  /// look for prefixes: there the whole namespace becomes invalid.
  size_t DeletePrefix(Space* space, std::string_view prefix);
  /// Removes all keys of a namespace, or of all.
  void Clear(Space* space);
  void ClearAll();
  /// Makes everything in the namespace invalid in O(1), also what is being loaded now.
  void Bump(Space* space);

  /// The value, loaded if need be: one load at a time for a key, however many ask. A failure of the
  /// loader reaches all who wait. Failures of its own: timed_out, unavailable (too many loads of
  /// the key were lost), failed_precondition (the loader asks for its own key). When the value
  /// cannot be stored it is given all the same.
  Status GetOrLoad(Space* space, std::string_view key, const Loader& loader,
                   const LoadOptions& options, LoadResult* out);

  /// Expires, frees and writes statistics to the metrics: for hosts with time to spare. Looks at
  /// about `most` entries; true when there is more to do.
  bool Maintain(size_t most = 1024);

  SpaceStats Stats(const Space* space) const;
  CacheStats Stats() const CAIRN_EXCLUDES(spaces_mutex_);
  uint64_t bytes() const;
  size_t tier_count() const { return tiers_.size(); }
  uint64_t entries() const;
  /// Waits until writes behind are done.
  void Flush();

 private:
  enum class Want : uint8_t { kFresh, kStaleToo, kPresence };

  Cache(CacheOptions options, uint32_t shards);

  uint64_t HashOf(const Space* space, std::string_view key) const {
    return HashBytes(key, seed_ + space->id * 0x9E3779B97F4A7C15u);
  }
  uint32_t NumberOf(uint64_t hash) const {
    return static_cast<uint32_t>((((hash >> 32) & 0xFFFF) * core_.shard_count) >> 16);
  }
  Shard* ShardOf(uint64_t hash) const { return shards_[NumberOf(hash)].get(); }
  Handle Find(Space* space, std::string_view key, uint64_t hash, Want want, bool count);
  bool CheckTimes(Entry* entry, Want want, bool* stale) const;
  /// epochs: null = not to the tiers.
  Status SetEach(Space* space, std::span<const TierWrite> writes, const SetOptions& options,
                 const TierEpochs* epochs);
  Status Store(Space* space, std::string_view key, const Kept& value, uint64_t hash, uint32_t epoch,
               const SetOptions& options);
  static Status CheckSizes(std::string_view key, std::string_view value);
  int64_t TtlOf(const Space* space, const SetOptions& options) const;
  void SetTimes(const SetOptions& options, NewEntry* entry);
  int64_t Jittered(int64_t ttl_ns);
  void Tell(Removed* removed);
  size_t RemoveAll(Space* space, std::string_view prefix);
  Shard* LargestShard() const;

  // cache_load.cc
  Handle GetFromTiers(Space* space, std::string_view key);
  std::vector<Handle> GetManyFromTiers(Space* space, std::span<const std::string_view> keys);
  bool ReadTiers(Space* space, std::span<const std::string_view> keys, std::span<TierValue> found);
  void WriteToTiers(Space* space, const TierEpochs& epochs, std::span<const TierWrite> writes,
                    std::span<const Kept> values, const SetOptions& options);
  static SetOptions StoreOptionsOf(const TierValue& value, const SetOptions& base);
  Status RunLoader(Space* space, const Loader& loader, Loaded* loaded);
  Status Fly(const LoadCall& call, const std::shared_ptr<Flight>& flight, LoadResult* out);
  Status LoadNow(const LoadCall& call, const std::shared_ptr<Flight>& flight, LoadResult* out);
  void FlyInPool(LoadCall call, const std::shared_ptr<Flight>& flight);
  Status Refresh(LoadCall call, LoadResult* out);
  Status LoadAndWait(LoadCall call, LoadResult* out);
  bool IsNearItsEnd(const Handle& handle, int64_t refresh_ahead_ns) const;

  // cache_packing.cc
  /// buffer: for the packed bytes, where there are any.
  Kept Keep(std::string_view value, std::string* buffer) const;
  /// With a copy of its own of the value; null when there is no memory for it.
  static Handle Unpacked(Handle packed);

  // cache_stats.cc
  void PublishMetrics() CAIRN_EXCLUDES(spaces_mutex_, metrics_mutex_);
  void PublishTierMetrics() CAIRN_REQUIRES(metrics_mutex_);

  const CacheOptions options_;
  const uint64_t seed_;
  Core core_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Flights flights_;
  TierStack tiers_;
  std::atomic<uint64_t> jitter_state_{1};

  mutable Mutex spaces_mutex_;
  std::map<std::string, std::unique_ptr<Space>, std::less<>> spaces_
      CAIRN_GUARDED_BY(spaces_mutex_);
  Space* default_space_ = nullptr;
  Mutex metrics_mutex_;
  std::map<uint32_t, SpaceStats> published_ CAIRN_GUARDED_BY(metrics_mutex_);
  std::vector<TierStats> published_tiers_ CAIRN_GUARDED_BY(metrics_mutex_);
  uint64_t collector_ = 0;  ///< of options_.metrics
  Background background_;
};

}  // namespace cairn::cache
