#include <algorithm>
#include <new>

#include "cache/cache.h"

// How values come in.

namespace cairn::cache {
namespace {

constexpr int kRounds = 64;

}  // namespace

Status Cache::CheckSizes(std::string_view key, std::string_view value) {
  if (key.size() > Entry::kMaxKeyBytes) {
    return Error(Code::kInvalidArgument, "the key has ", key.size(), " bytes, more than ",
                 Entry::kMaxKeyBytes);
  }
  if (value.size() > Entry::kMaxValueBytes) {
    return Error(Code::kInvalidArgument, "the value has ", value.size(), " bytes, more than ",
                 Entry::kMaxValueBytes);
  }
  return OkStatus();
}

int64_t Cache::Jittered(int64_t ttl_ns) {
  if (options_.ttl_jitter == 0) return ttl_ns;
  uint64_t state = jitter_state_.fetch_add(0x9E3779B97F4A7C15u, std::memory_order_relaxed) + seed_;
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
  const double part = static_cast<double>(state >> 11) / 9007199254740992.0;
  return ttl_ns - static_cast<int64_t>(static_cast<double>(ttl_ns) * options_.ttl_jitter * part);
}

int64_t Cache::TtlOf(const Space* space, const SetOptions& options) const {
  int64_t ttl_ns = options.ttl_ns;
  if (ttl_ns == 0) ttl_ns = space->options.default_ttl_ns;
  if (ttl_ns == 0) ttl_ns = options_.default_ttl_ns;
  return std::max<int64_t>(0, ttl_ns);
}

void Cache::SetTimes(const SetOptions& options, NewEntry* entry) {
  const int64_t ttl_ns = TtlOf(entry->space, options);
  int64_t idle_ns = options.idle_ttl_ns != 0 ? options.idle_ttl_ns : options_.default_idle_ttl_ns;
  idle_ns = std::max<int64_t>(0, idle_ns);
  if (ttl_ns == 0 && idle_ns == 0) return;
  const int64_t now_ns = core_.clock->MonotonicNs();
  const int64_t most_ns = TimerWheel::kNever - now_ns - 1;
  if (ttl_ns != 0) {
    const int64_t fresh_ns = std::min(std::max<int64_t>(1, Jittered(ttl_ns)), most_ns);
    entry->fresh_until_ns = now_ns + fresh_ns;
    entry->longest_ns =
        entry->fresh_until_ns + std::clamp<int64_t>(options.stale_ns, 0, most_ns - fresh_ns);
  }
  entry->deadline_ns = entry->longest_ns;
  if (idle_ns != 0) {
    entry->idle_ns = idle_ns;
    entry->deadline_ns = std::min(entry->longest_ns, now_ns + std::min(idle_ns, most_ns));
  }
}

Status Cache::Set(Space* space, std::string_view key, std::string_view value,
                  const SetOptions& options) {
  if (!tiers_.empty()) {
    const TierWrite write{key, value, 0};
    return SetBatch(space, {&write, 1}, options);
  }
  CAIRN_RETURN_IF_ERROR(CheckSizes(key, value));
  const uint32_t epoch = space->epoch_now();
  flights_.Supersede(space->id, key);
  std::string buffer;
  return Store(space, key, Keep(value, &buffer), HashOf(space, key), epoch, options);
}

Status Cache::SetBatch(Space* space, std::span<const TierWrite> writes, const SetOptions& options) {
  for (size_t i = 0; i < writes.size(); ++i) {
    Status sizes = CheckSizes(writes[i].key, writes[i].value);
    if (!sizes.ok()) return writes.size() == 1 ? sizes : std::move(sizes).WithIndex(i);
  }
  if (tiers_.empty() || options.memory_only) return SetEach(space, writes, options, nullptr);
  const TierEpochs epochs = tiers_.Epochs(space->name);
  try {
    return SetEach(space, writes, options, &epochs);
  } catch (const std::bad_alloc&) {
    tiers_.Bump(space->name);  // or they would go on with what was there before
    throw;
  }
}

Status Cache::SetEach(Space* space, std::span<const TierWrite> writes, const SetOptions& options,
                      const TierEpochs* epochs) {
  const uint32_t epoch = space->epoch_now();
  Status first;
  std::vector<std::string> buffers(writes.size());
  std::vector<Kept> values;
  values.reserve(writes.size());
  for (size_t i = 0; i < writes.size(); ++i) {
    const TierWrite& write = writes[i];
    flights_.Supersede(space->id, write.key);
    SetOptions mine = options;
    if (write.ttl_ns != 0) mine.ttl_ns = write.ttl_ns;
    values.push_back(Keep(write.value, &buffers[i]));
    Status stored = Store(space, write.key, values[i], HashOf(space, write.key), epoch, mine);
    if (stored.ok() || !first.ok()) continue;
    first = std::move(stored);
    if (writes.size() > 1) first = std::move(first).WithIndex(i);
  }
  if (epochs != nullptr) WriteToTiers(space, *epochs, writes, values, options);
  return first;
}

Status Cache::Store(Space* space, std::string_view key, const Kept& value, uint64_t hash,
                    uint32_t epoch, const SetOptions& options) {
  NewEntry entry;
  entry.hash = hash;
  entry.space = space;
  entry.key = key;
  entry.value = value.bytes;
  entry.packed = value.packed;
  entry.epoch = epoch;
  entry.negative = options.negative;
  entry.extra_bytes = options.extra_bytes;
  SetTimes(options, &entry);
  entry.Measure();
  space->calls.Count(CallCounters::kSets, ReaderRegistry::Mine());
  Shard* shard = ShardOf(hash);
  Removed removed;
  Shard::Outcome outcome = Shard::Outcome::kNoRoom;
  const uint64_t charge = entry.charge();
  // Not more than half, or one entry would empty the cache.
  if (charge <= core_.budget.max_bytes() / 2 && charge <= UINT32_MAX) {
    outcome = shard->Insert(entry, core_.shard_count == 1, &removed);
    for (int round = 0; outcome == Shard::Outcome::kNoRoomHere && round < kRounds; ++round) {
      const bool made = LargestShard()->MakeRoom(charge, &removed);
      outcome = shard->Insert(entry, !made || round + 1 == kRounds, &removed);
    }
  } else {
    shard->Remove(hash, space, key, &removed);
  }
  if (!removed.empty()) Tell(&removed);
  if (outcome == Shard::Outcome::kStored || outcome == Shard::Outcome::kNotStored) return {};
  space->calls.Count(CallCounters::kRefused, ReaderRegistry::Mine());
  return Error(Code::kResourceExhausted, "the value of ", value.bytes.size(),
               " bytes is not cached: ",
               outcome == Shard::Outcome::kNoMemory ? "out of memory" : "there is no room for it");
}

Shard* Cache::LargestShard() const {
  return std::max_element(shards_.begin(), shards_.end(),
                          [](const auto& a, const auto& b) { return a->size() < b->size(); })
      ->get();
}

void Cache::Tell(Removed* removed) {
  for (Entry* entry : *removed) {
    try {
      std::string unpacked(entry->packed() ? Packing::SizeOf(entry->value()) : 0, '\0');
      const bool packed = entry->packed() && Packing::Unpack(entry->value(), unpacked.data());
      options_.listener({core_.SpaceOf(entry)->name, entry->key(),
                         packed ? std::string_view(unpacked) : entry->value(), entry->cause});
    } catch (...) {  // the host's listener has nobody to tell
    }
    entry->references.fetch_sub(1, std::memory_order_release);
  }
  removed->clear();
}

}  // namespace cairn::cache
