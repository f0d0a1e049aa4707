#include <exception>
#include <utility>

#include "cache/cache.h"

// Loading, and reading from the tiers, which is a load of another kind.

namespace cairn::cache {
namespace {

// Before every value in a tier: one byte that says whether it remembers a value or that there is
// none, and whether the value is packed.
constexpr char kValue = 'v';
constexpr char kNothing = 'n';
constexpr char kPackedValue = 'z';
constexpr char kPackedNothing = 'y';

char MarkOf(bool negative, bool packed) {
  if (packed) return negative ? kPackedNothing : kPackedValue;
  return negative ? kNothing : kValue;
}

/// Makes a value from a tier plain again. False when it is none that this build can read.
bool Open(std::string* value) {
  if (value->empty()) return false;
  char& mark = value->front();
  if (mark == kValue || mark == kNothing) return true;
  if (mark != kPackedValue && mark != kPackedNothing) return false;
  const std::string_view packed = std::string_view(*value).substr(1);
  const size_t size = Packing::SizeOf(packed);
  // LZ4 makes at most 255 bytes of one, so no forged size asks for much memory.
  if (size == 0 || size / 256 > packed.size()) return false;
  std::string plain(1 + size, mark == kPackedValue ? kValue : kNothing);
  if (!Packing::Unpack(packed, plain.data() + 1)) return false;
  *value = std::move(plain);
  return true;
}

}  // namespace

void Background::Begin() {
  MutexLock lock(mutex_);
  ++running_;
}

void Background::End() {
  MutexLock lock(mutex_);
  if (--running_ == 0) idle_.SignalAll();
}

void Background::WaitIdle() {
  MutexLock lock(mutex_);
  while (running_ != 0) idle_.Wait(mutex_);
}

void Cache::WriteToTiers(Space* space, const TierEpochs& epochs, std::span<const TierWrite> writes,
                         std::span<const Kept> kept, const SetOptions& options) {
  std::vector<std::string> values;
  std::vector<TierWrite> marked;
  values.reserve(writes.size());
  for (size_t i = 0; i < writes.size(); ++i) {
    const TierWrite& write = writes[i];
    std::string value(1, MarkOf(options.negative, kept[i].packed));
    values.push_back(value.append(kept[i].bytes));
    const int64_t ttl_ns = write.ttl_ns != 0 ? write.ttl_ns : TtlOf(space, options);
    marked.push_back({write.key, values.back(), std::max<int64_t>(0, ttl_ns)});
  }
  tiers_.Set(space->name, epochs, marked);
}

bool Cache::ReadTiers(Space* space, std::span<const std::string_view> keys,
                      std::span<TierValue> found) {
  const bool moved = tiers_.Get(space->name, keys, found);
  // Somebody else has bumped the namespace: memory knows now.
  if (moved) space->epoch.fetch_add(1, std::memory_order_seq_cst);
  for (TierValue& value : found) {
    if (value.found && !Open(&value.value)) value.found = false;
    if (value.found) space->loading.tier_hits.fetch_add(1, std::memory_order_relaxed);
  }
  return moved;
}

SetOptions Cache::StoreOptionsOf(const TierValue& value, const SetOptions& base) {
  SetOptions options = base;
  options.ttl_ns = value.ttl_ns == 0 ? SetOptions::kForEver : value.ttl_ns;
  options.negative = value.value[0] == kNothing;
  return options;
}

Handle Cache::GetFromTiers(Space* space, std::string_view key) {
  return std::move(GetManyFromTiers(space, {&key, 1})[0]);
}

std::vector<Handle> Cache::GetManyFromTiers(Space* space, std::span<const std::string_view> keys) {
  // Flights, so that what is set or deleted meanwhile is not overwritten by what was read before.
  std::vector<Leading> flights;
  std::vector<std::string_view> wanted;
  std::vector<size_t> places;
  flights.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    std::shared_ptr<Flight> flight;
    if (flights_.Board(space->id, keys[i], &flight) != Flights::Role::kLeader) continue;
    flights.emplace_back(&flights_, space->id, keys[i], std::move(flight));
    wanted.push_back(keys[i]);
    places.push_back(i);
  }
  std::vector<Handle> handles(keys.size());
  std::vector<TierValue> found(wanted.size());
  uint32_t epoch = space->epoch_now();
  if (!wanted.empty() && ReadTiers(space, wanted, found)) epoch = space->epoch_now();
  for (size_t i = 0; i < wanted.size(); ++i) {
    const uint64_t hash = HashOf(space, wanted[i]);
    const TierValue& value = found[i];
    auto bytes = value.found ? std::make_shared<const std::string>(value.value.substr(1)) : nullptr;
    const Status status = value.found ? OkStatus() : Error(Code::kNotFound, "not in a tier");
    flights_.Land(space->id, wanted[i], flights[i].flight(), status, bytes,
                  value.found && value.value[0] == kNothing, [&] {
                    std::string buffer;
                    Store(space, wanted[i], Keep(*bytes, &buffer), hash, epoch,
                          StoreOptionsOf(value, {}))
                        .IgnoreError("then it is not in memory");
                  });
    flights[i].Done();
    handles[places[i]] = Find(space, wanted[i], hash, Want::kFresh, false);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    handles[i] = handles[i] ? std::move(handles[i])
                            : Find(space, keys[i], HashOf(space, keys[i]), Want::kFresh, false);
  }
  return handles;
}

Status Cache::RunLoader(Space* space, const Loader& loader, Loaded* loaded) {
  const int64_t began_ns = core_.clock->MonotonicNs();
  Status status;
  try {
    status = loader(loaded);
  } catch (const std::exception& error) {
    status = Error(Code::kInternal, "the loader threw: ", error.what());
  } catch (...) {
    status = Error(Code::kInternal, "the loader threw");
  }
  space->loading.loads.fetch_add(1, std::memory_order_relaxed);
  if (!status.ok()) space->loading.load_failures.fetch_add(1, std::memory_order_relaxed);
  space->loading.load_ns.fetch_add(
      static_cast<uint64_t>(std::max<int64_t>(0, core_.clock->MonotonicNs() - began_ns)),
      std::memory_order_relaxed);
  return status;
}

Status Cache::Fly(const LoadCall& call, const std::shared_ptr<Flight>& flight, LoadResult* out) {
  try {
    return LoadNow(call, flight, out);
  } catch (const std::bad_alloc&) {
    flights_.LandWithout(call.space->id, call.key, flight);
    return std::move(flight->no_memory_here);
  }
}

Status Cache::LoadNow(const LoadCall& call, const std::shared_ptr<Flight>& flight,
                      LoadResult* out) {
  Space* space = call.space;
  flight->runner = std::this_thread::get_id();
  Loaded loaded;
  SetOptions store = call.options.store;
  bool from_tier = false;
  TierEpochs epochs;
  if (!tiers_.empty()) {
    const std::string_view key = call.key;
    TierValue value;
    if (!call.refresh) ReadTiers(space, {&key, 1}, {&value, 1});
    if (value.found) {
      from_tier = true;
      store = StoreOptionsOf(value, store);
      loaded.negative = store.negative;
      loaded.value = value.value.substr(1);
    } else if (!store.memory_only) {
      epochs = tiers_.Epochs(space->name);
    }
  }
  const uint32_t epoch = from_tier ? space->epoch_now() : call.epoch;
  Status status = from_tier ? OkStatus() : RunLoader(space, call.loader, &loaded);
  if (!from_tier) {
    store.negative = loaded.negative;
    if (loaded.ttl_ns != 0) {
      store.ttl_ns = loaded.ttl_ns;
    } else if (loaded.negative) {
      store.ttl_ns = call.options.negative_ttl_ns;
    }
  }
  const auto value = std::make_shared<const std::string>(std::move(loaded.value));
  std::string buffer;
  const Kept kept = status.ok() ? Keep(*value, &buffer) : Kept{};
  if (status.ok() && !epochs.empty() && !flight->superseded.load()) {
    const TierWrite write{call.key, *value, store.ttl_ns};
    WriteToTiers(space, epochs, {&write, 1}, {&kept, 1}, store);
    const std::string_view key = call.key;
    if (flight->superseded.load()) tiers_.Delete(space->name, {&key, 1});
  }
  if (out != nullptr) {
    out->loaded = value;
    out->negative = store.negative;
  }
  flights_.Land(space->id, call.key, flight, status, value, store.negative, [&] {
    Store(space, call.key, kept, call.hash, epoch, store)
        .IgnoreError("the value is given all the same");
  });
  return status;
}

Status Cache::Refresh(LoadCall call, LoadResult* out) {
  std::shared_ptr<Flight> flight;
  call.refresh = true;
  call.epoch = call.space->epoch_now();
  const std::string key = call.key;
  if (flights_.Board(call.space->id, key, &flight) != Flights::Role::kLeader) {
    return Error(Code::kUnavailable, "the value is being loaded already");
  }
  if (options_.pool == nullptr) return Fly(call, flight, out);
  Leading leading(&flights_, call.space->id, key, flight);
  FlyInPool(std::move(call), flight);
  leading.Done();
  return Error(Code::kUnavailable, "the value is being loaded");
}

void Cache::FlyInPool(LoadCall call, const std::shared_ptr<Flight>& flight) {
  const auto shared = std::make_shared<const LoadCall>(std::move(call));
  background_.Begin();
  try {
    options_.pool->Schedule([this, shared, flight] {
      Fly(*shared, flight, nullptr).IgnoreError("who waits is told");
      background_.End();
    });
  } catch (...) {
    background_.End();
    throw;
  }
}

bool Cache::IsNearItsEnd(const Handle& handle, int64_t refresh_ahead_ns) const {
  const Entry* entry = handle.entry();
  if (refresh_ahead_ns == 0 || !entry->has_timing()) return false;
  const int64_t until_ns = entry->timing()->fresh_until_ns;
  return until_ns != TimerWheel::kNever && core_.IsOver(until_ns - refresh_ahead_ns);
}

Status Cache::GetOrLoad(Space* space, std::string_view key, const Loader& loader,
                        const LoadOptions& options, LoadResult* out) {
  CAIRN_RETURN_IF_ERROR(CheckSizes(key, {}));
  const uint64_t hash = HashOf(space, key);
  const bool takes_stale = options.stale_while_revalidate || options.stale_on_error;
  const auto give = [out](Handle handle) {
    out->negative = handle.negative();
    out->stale = handle.stale();
    out->handle = std::move(handle);
    return OkStatus();
  };
  Handle handle = Find(space, key, hash, takes_stale ? Want::kStaleToo : Want::kFresh, true);
  LoadCall call{space, std::string(), hash, 0, {}, options, false};
  if (handle && !handle.stale()) {
    if (!IsNearItsEnd(handle, options.refresh_ahead_ns)) return give(std::move(handle));
    call.key = key;
    call.loader = loader;
    LoadResult refreshed;
    if (!Refresh(std::move(call), &refreshed).ok()) return give(std::move(handle));
    *out = std::move(refreshed);
    return OkStatus();
  }
  call.key = key;
  call.loader = loader;
  if (handle && options.stale_while_revalidate) {
    LoadResult refreshed;
    if (!Refresh(std::move(call), &refreshed).ok()) return give(std::move(handle));
    *out = std::move(refreshed);
    return OkStatus();
  }
  Status status = LoadAndWait(std::move(call), out);
  if (!status.ok() && handle && options.stale_on_error) return give(std::move(handle));
  return status;
}

Status Cache::LoadAndWait(LoadCall call, LoadResult* out) {
  Space* space = call.space;
  const LoadOptions options = call.options;
  const int64_t until_ns =
      options.timeout_ns == 0 ? 0 : Clock::System()->MonotonicNs() + options.timeout_ns;
  call.epoch = space->epoch_now();
  const std::string key = call.key;
  std::shared_ptr<Flight> flight;
  const Flights::Role role = flights_.Board(space->id, key, &flight);
  if (role == Flights::Role::kRefused) {
    return Error(Code::kUnavailable, "the last ", Flights::kMostLost,
                 " loads of the key did not come back");
  }
  if (role == Flights::Role::kLeader) {
    Leading leading(&flights_, space->id, key, flight);
    // Who boards after the last one has landed finds the value there.
    if (Handle handle = Find(space, key, call.hash, Want::kFresh, false)) {
      auto value = std::make_shared<const std::string>(handle.value());
      flights_.Land(space->id, key, flight, OkStatus(), value, handle.negative(), [] {});
      leading.Done();
      out->negative = handle.negative();
      out->handle = std::move(handle);
      return OkStatus();
    }
    const bool here = options_.pool == nullptr || options.timeout_ns == 0;
    if (!here) {
      flight->runner = std::thread::id();
      FlyInPool(std::move(call), flight);
    }
    leading.Done();
    if (here) return Fly(call, flight, out);
  }
  return flights_.Wait(space->id, key, flight, until_ns, options.load_limit_ns, out);
}

}  // namespace cairn::cache
