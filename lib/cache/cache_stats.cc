#include <algorithm>

#include "cache/cache.h"

namespace cairn::cache {

void SpaceStats::Add(const SpaceStats& other) {
  hits += other.hits;
  negative_hits += other.negative_hits;
  stale_hits += other.stale_hits;
  misses += other.misses;
  sets += other.sets;
  refused += other.refused;
  admitted += other.admitted;
  rejected += other.rejected;
  for (size_t i = 0; i < kRemovalCauses; ++i) removed[i] += other.removed[i];
  loads += other.loads;
  load_failures += other.load_failures;
  load_ns += other.load_ns;
  tier_hits += other.tier_hits;
  bytes += other.bytes;
  entries += other.entries;
  packed += other.packed;
  saved_bytes += other.saved_bytes;
}

uint64_t Cache::bytes() const {
  uint64_t bytes = core_.budget.bytes();
  for (const auto& shard : shards_) bytes += shard->budget().bytes();
  return bytes;
}

uint64_t Cache::entries() const {
  uint64_t entries = core_.budget.entries();
  for (const auto& shard : shards_) entries += shard->budget().entries();
  return entries;
}

SpaceStats Cache::Stats(const Space* space) const {
  SpaceStats stats;
  const CallCounters& calls = space->calls;
  const LoadCounters& loading = space->loading;
  stats.hits = calls.Sum(CallCounters::kHits);
  stats.negative_hits = calls.Sum(CallCounters::kNegativeHits);
  stats.stale_hits = calls.Sum(CallCounters::kStaleHits);
  stats.misses = calls.Sum(CallCounters::kMisses);
  stats.sets = calls.Sum(CallCounters::kSets);
  stats.refused = calls.Sum(CallCounters::kRefused);
  stats.admitted = space->Sum([](const ShardNumbers& of) { return of.admitted.load(); });
  stats.rejected = space->Sum([](const ShardNumbers& of) { return of.rejected.load(); });
  for (size_t i = 0; i < kRemovalCauses; ++i) {
    stats.removed[i] = space->Sum([i](const ShardNumbers& of) { return of.removed[i].load(); });
  }
  stats.loads = loading.loads.load();
  stats.load_failures = loading.load_failures.load();
  stats.load_ns = loading.load_ns.load();
  stats.tier_hits = loading.tier_hits.load();
  stats.bytes = space->bytes();
  stats.entries = space->Sum([](const ShardNumbers& of) { return of.entries.load(); });
  stats.packed = space->Sum([](const ShardNumbers& of) { return of.packed.load(); });
  stats.saved_bytes = space->Sum([](const ShardNumbers& of) { return of.saved.load(); });
  return stats;
}

CacheStats Cache::Stats() const {
  CacheStats stats;
  {
    MutexLock lock(spaces_mutex_);
    for (const auto& [name, space] : spaces_) stats.total.Add(Stats(space.get()));
  }
  stats.bytes = bytes();
  stats.max_bytes = options_.max_bytes;
  stats.max_entries = options_.max_entries;
  stats.shard_count = core_.shard_count;
  stats.rules = core_.tuner->chosen();
  stats.estimates = core_.tuner->Estimate();
  stats.tiers = tiers_.Stats();
  return stats;
}

void Cache::PublishMetrics() {
  std::vector<const Space*> all;
  {
    MutexLock lock(spaces_mutex_);
    for (const auto& [name, space] : spaces_) all.push_back(space.get());
  }
  MutexLock lock(metrics_mutex_);
  for (const Space* space : all) {
    const SpaceStats now = Stats(space);
    const metrics::Labels labels = {{"cache", options_.name}, {"namespace", space->name}};
    SpaceStats& before = published_[space->id];
    const auto count = [&](const char* name, const char* help, uint64_t value, uint64_t old) {
      options_.metrics->GetCounter(name, help, labels).Add(value - std::min(value, old));
    };
    count("cairn_cache_hits_total", "Lookups that found a value", now.hits, before.hits);
    count("cairn_cache_misses_total", "Lookups that found none", now.misses, before.misses);
    count("cairn_cache_sets_total", "Values set", now.sets, before.sets);
    count("cairn_cache_refused_total", "Values not stored", now.refused, before.refused);
    count("cairn_cache_loads_total", "Values loaded", now.loads, before.loads);
    count("cairn_cache_load_failures_total", "Loads that failed", now.load_failures,
          before.load_failures);
    count("cairn_cache_evictions_total", "Entries evicted", now.removed[2], before.removed[2]);
    count("cairn_cache_expirations_total", "Entries expired", now.removed[3], before.removed[3]);
    options_.metrics->GetGauge("cairn_cache_bytes", "Bytes of entries", labels)
        .Set(static_cast<double>(now.bytes));
    options_.metrics->GetGauge("cairn_cache_entries", "Entries", labels)
        .Set(static_cast<double>(now.entries));
    before = now;
  }
  PublishTierMetrics();
}

void Cache::PublishTierMetrics() {
  const std::vector<TierStats> tiers = tiers_.Stats();
  published_tiers_.resize(tiers.size());
  for (size_t i = 0; i < tiers.size(); ++i) {
    const TierStats& now = tiers[i];
    const metrics::Labels labels = {{"cache", options_.name}, {"tier", std::string(now.name)}};
    TierStats& before = published_tiers_[i];
    const auto count = [&](const char* name, const char* help, uint64_t value, uint64_t old) {
      options_.metrics->GetCounter(name, help, labels).Add(value - std::min(value, old));
    };
    const auto level = [&](const char* name, const char* help, double value) {
      options_.metrics->GetGauge(name, help, labels).Set(value);
    };
    count("cairn_cache_tier_hits_total", "Values found in a tier", now.hits, before.hits);
    count("cairn_cache_tier_misses_total", "Values not found in a tier", now.misses, before.misses);
    count("cairn_cache_tier_failures_total", "Calls of a tier that failed", now.failures,
          before.failures);
    count("cairn_cache_tier_skipped_total", "Calls not made as the tier had failed", now.skipped,
          before.skipped);
    count("cairn_cache_tier_written_total", "Values written to a tier", now.written,
          before.written);
    count("cairn_cache_tier_unwritten_total", "Values that a tier did not get", now.unwritten,
          before.unwritten);
    level("cairn_cache_tier_skipping", "1 while a tier is passed over", now.skipping ? 1 : 0);
    if (now.max_bytes != 0) {
      level("cairn_cache_tier_bytes", "Bytes of a tier", static_cast<double>(now.bytes));
    }
    before = now;
  }
}

}  // namespace cairn::cache
