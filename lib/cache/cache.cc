#include "cache/cache.h"

#include <algorithm>
#include <random>
#include <thread>

namespace cairn::cache {
namespace {

constexpr uint64_t kLeastBytes = 256 << 10;
constexpr uint64_t kEntriesPerShard = 1024;
constexpr uint64_t kBytesPerShard = 2 << 20;
constexpr uint32_t kMostShards = 64;

uint32_t ShardsFor(const CacheOptions& options) {
  if (options.shard_count != 0) return options.shard_count;
  uint64_t shards = 4 * std::max<uint64_t>(1, std::thread::hardware_concurrency());
  if (options.max_entries != 0) shards = std::min(shards, options.max_entries / kEntriesPerShard);
  if (options.max_bytes != 0) shards = std::min(shards, options.max_bytes / kBytesPerShard);
  return static_cast<uint32_t>(std::clamp<uint64_t>(shards, 1, kMostShards));
}

uint64_t SeedFor(const CacheOptions& options) {
  if (options.seed != 0) return options.seed;
  std::random_device random;
  return (static_cast<uint64_t>(random()) << 32 | random()) | 1;
}

}  // namespace

Status Cache::Check(const CacheOptions& options) {
  std::string faults;
  const auto fault = [&faults](const std::string& text) {
    faults += (faults.empty() ? "" : "; ") + text;
  };
  if (options.max_bytes == 0 && options.max_entries == 0) {
    fault("neither max_bytes nor max_entries is set");
  }
  if (options.max_bytes != 0 && options.max_bytes < kLeastBytes) {
    fault(StrCat("max_bytes is ", options.max_bytes, ", less than ", kLeastBytes));
  }
  if (options.shard_count > kMostShards) {
    fault(StrCat("shard_count is ", options.shard_count, ", more than ", kMostShards));
  }
  if (options.default_ttl_ns < 0) fault("default_ttl_ns is negative");
  if (options.default_idle_ttl_ns < 0) fault("default_idle_ttl_ns is negative");
  if (!(options.ttl_jitter >= 0 && options.ttl_jitter <= 0.5)) {
    fault("ttl_jitter is not between 0 and 0.5");
  }
  if (options.compress_from_bytes != 0 && !Packing::available()) {
    fault("compress_from_bytes is set, and this build has no LZ4");
  }
  for (const auto& tier : options.tiers) {
    if (tier == nullptr) fault("a tier is null");
  }
  return faults.empty() ? OkStatus() : Error(Code::kInvalidArgument, faults);
}

Result<std::unique_ptr<Cache>> Cache::Create(CacheOptions options) {
  CAIRN_RETURN_IF_ERROR(Check(options));
  const uint32_t shards = ShardsFor(options);
  std::unique_ptr<Cache> cache(new Cache(std::move(options), shards));
  CAIRN_ASSIGN_OR_RETURN(cache->default_space_, cache->OpenSpace(""));
  if (cache->options_.metrics != nullptr) {
    Cache* self = cache.get();
    self->collector_ = self->options_.metrics->AddCollector([self] { self->PublishMetrics(); });
  }
  return cache;
}

Cache::Cache(CacheOptions options, uint32_t shards)
    : options_(std::move(options)),
      seed_(SeedFor(options_)),
      core_(options_, shards),
      tiers_(options_, core_.clock) {
  for (uint32_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(&core_, i, options_.max_entries / shards));
  }
}

Cache::~Cache() {
  if (collector_ != 0) options_.metrics->RemoveCollector(collector_);
  background_.WaitIdle();
}

Result<Space*> Cache::OpenSpace(std::string_view name, SpaceOptions options) {
  MutexLock lock(spaces_mutex_);
  const auto found = spaces_.find(name);
  if (found != spaces_.end()) return found->second.get();
  if (spaces_.size() >= Core::kMostSpaces) {
    return Error(Code::kResourceExhausted, "a cache has at most ", Core::kMostSpaces,
                 " namespaces");
  }
  const auto id = static_cast<uint32_t>(spaces_.size());
  auto space = std::make_unique<Space>(id, std::string(name), options, core_.shard_count);
  core_.spaces[id].store(space.get(), std::memory_order_release);
  return spaces_.emplace(std::string(name), std::move(space)).first->second.get();
}

bool Cache::CheckTimes(Entry* entry, Want want, bool* stale) const {
  EntryTiming* timing = entry->timing();
  const int64_t deadline_ns = timing->deadline_ns.load(std::memory_order_relaxed);
  if (deadline_ns == TimerWheel::kNever) return true;
  if (core_.IsOver(deadline_ns)) return false;
  if (timing->fresh_until_ns < deadline_ns && core_.IsOver(timing->fresh_until_ns)) {
    if (want != Want::kStaleToo) return false;
    *stale = true;
  }
  if (timing->idle_ns == 0) return true;
  const int64_t prolonged =
      std::min(core_.clock->MonotonicNs() + timing->idle_ns, timing->longest_ns);
  if (prolonged - deadline_ns > timing->idle_ns / 64) {
    timing->deadline_ns.store(prolonged, std::memory_order_relaxed);
  }
  return true;
}

Handle Cache::Find(Space* space, std::string_view key, uint64_t hash, Want want, bool count) {
  const uint32_t shard = NumberOf(hash);
  core_.Prefetch(shard, hash);
  ReaderRecord* reader = ReaderRegistry::Mine();
  // seq_cst pairs with ReaderRegistry::Gather
  reader->reading.store(hash | 1, std::memory_order_seq_cst);
  const Table::Head table = core_.tables[shard].load(std::memory_order_seq_cst);
  Entry* entry = Table::FindIn(Table::BucketIn(table, hash), hash, space->id, key);
  bool stale = false;
  if (entry != nullptr && (entry->epoch != space->epoch_now() ||
                           (entry->has_timing() && !CheckTimes(entry, want, &stale)))) {
    entry = nullptr;
  }
  if (entry == nullptr) {
    reader->reading.store(0, std::memory_order_release);
    if (count) space->calls.Count(CallCounters::kMisses, reader);
    return {};
  }
  if (count) entry->Touch();
  Handle handle = Handle::Pin(entry, reader, stale);
  reader->reading.store(0, std::memory_order_release);
  if (!count) {
    if (entry->packed() && want != Want::kPresence) handle = Unpacked(std::move(handle));
    return handle;
  }
  space->calls.Count(CallCounters::kHits, reader);
  if (entry->negative()) space->calls.Count(CallCounters::kNegativeHits, reader);
  if (stale) space->calls.Count(CallCounters::kStaleHits, reader);
  if (core_.tuning.load(std::memory_order_relaxed) && core_.tuner->Wants(hash)) {
    core_.tuner->RecordHit(hash, core_.SizeOf(entry), reader->number);
  }
  if (entry->packed()) handle = Unpacked(std::move(handle));
  return handle;
}

Handle Cache::Get(Space* space, std::string_view key) {
  const uint64_t hash = HashOf(space, key);
  Handle handle = Find(space, key, hash, Want::kFresh, true);
  if (handle || tiers_.empty()) return handle;
  return GetFromTiers(space, key);
}

std::vector<Handle> Cache::GetBatch(Space* space, std::span<const std::string_view> keys) {
  std::vector<Handle> handles;
  handles.reserve(keys.size());
  std::vector<std::string_view> missing;
  for (std::string_view key : keys) {
    handles.push_back(Find(space, key, HashOf(space, key), Want::kFresh, true));
    if (!handles.back()) missing.push_back(key);
  }
  if (tiers_.empty() || missing.empty()) return handles;
  std::vector<Handle> found = GetManyFromTiers(space, missing);
  size_t next = 0;
  for (Handle& handle : handles) {
    if (!handle) handle = std::move(found[next++]);
  }
  return handles;
}

bool Cache::Contains(Space* space, std::string_view key) {
  return static_cast<bool>(Find(space, key, HashOf(space, key), Want::kPresence, false));
}

bool Cache::Delete(Space* space, std::string_view key) {
  flights_.Supersede(space->id, key);
  const uint64_t hash = HashOf(space, key);
  Removed removed;
  const bool there = ShardOf(hash)->Remove(hash, space, key, &removed);
  Tell(&removed);
  if (!tiers_.empty()) tiers_.Delete(space->name, {&key, 1});
  return there;
}

size_t Cache::RemoveAll(Space* space, std::string_view prefix) {
  flights_.SupersedePrefix(space->id, prefix);
  size_t count = 0;
  for (const auto& shard : shards_) {
    Removed removed;
    count += shard->RemoveIf(
        RemovalCause::kDeleted,
        [&](const Entry* entry) {
          return entry->space == space->id && entry->key().substr(0, prefix.size()) == prefix;
        },
        &removed);
    Tell(&removed);
  }
  return count;
}

size_t Cache::DeletePrefix(Space* space, std::string_view prefix) {
  const size_t count = RemoveAll(space, prefix);
  tiers_.Bump(space->name);
  return count;
}

void Cache::Clear(Space* space) {
  Bump(space);
  RemoveAll(space, "");
}

void Cache::ClearAll() {
  std::vector<Space*> all;
  {
    MutexLock lock(spaces_mutex_);
    for (const auto& [name, space] : spaces_) all.push_back(space.get());
  }
  for (Space* space : all) Clear(space);
}

void Cache::Bump(Space* space) {
  // seq_cst: what is read or stored from now on sees it
  space->epoch.fetch_add(1, std::memory_order_seq_cst);
  tiers_.Bump(space->name);
}

bool Cache::Maintain(size_t most) {
  bool more = false;
  for (const auto& shard : shards_) {
    Removed removed;
    more = shard->Maintain(std::max<size_t>(1, most / shards_.size()), &removed) || more;
    Tell(&removed);
  }
  if (options_.metrics != nullptr) PublishMetrics();
  return more;
}

void Cache::Flush() {
  background_.WaitIdle();
  tiers_.Flush();
}

}  // namespace cairn::cache
