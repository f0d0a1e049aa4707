#include <cairn/cache.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/cache_handles.h"
#include "capi/guard.h"
#include "capi/options.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::OkStatus;
using cairn::Status;

namespace {

cairn_cache_stats ToPublic(const cairn::cache::SpaceStats& stats) {
  cairn_cache_stats out{};
  out.bytes = stats.bytes;
  out.entry_count = stats.entries;
  out.hit_count = stats.hits;
  out.negative_hit_count = stats.negative_hits;
  out.stale_hit_count = stats.stale_hits;
  out.miss_count = stats.misses;
  out.set_count = stats.sets;
  out.refused_count = stats.refused;
  out.admitted_count = stats.admitted;
  out.rejected_count = stats.rejected;
  out.deleted_count = stats.removed[0];
  out.replaced_count = stats.removed[1];
  out.evicted_count = stats.removed[2];
  out.expired_count = stats.removed[3];
  out.invalidated_count = stats.removed[4];
  out.load_count = stats.loads;
  out.load_failure_count = stats.load_failures;
  out.load_ns = stats.load_ns;
  out.tier_hit_count = stats.tier_hits;
  out.compressed_count = stats.packed;
  out.saved_bytes = stats.saved_bytes;
  return out;
}

Status ReadOptions(const InputStruct<cairn_cache_set_options>& given,
                   cairn::cache::SetOptions* out) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->negative, "options.negative"));
  out->ttl_ns = given->ttl_ns;
  out->idle_ttl_ns = given->idle_ttl_ns;
  out->stale_ns = given->stale_ns;
  out->extra_bytes = given->extra_bytes;
  out->negative = given->negative != 0;
  return OkStatus();
}

/// What is wrong with the arguments of cairn_cache_get, or the key as it is to be read.
Status CheckGet(const cairn_cache_space* space, const char* key, size_t key_bytes,
                cairn_cache_value** value_out, std::string_view* key_out) {
  CAIRN_RETURN_IF_ERROR(ClearOut(value_out, "value_out"));
  CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
  CAIRN_ASSIGN_OR_RETURN(*key_out, ReadBytes(key, key_bytes, "key"));
  return OkStatus();
}

}  // namespace

void cairn_cache_space_options_init(cairn_cache_space_options* options,
                                    uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

void cairn_cache_set_options_init(cairn_cache_set_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_cache* cairn_cache_retain(cairn_cache* cache) noexcept { return Retain(cache); }

void cairn_cache_release(cairn_cache* cache) noexcept { Release(cache); }

cairn_status cairn_cache_space_open(cairn_cache* cache, const char* name, size_t name_bytes,
                                    const cairn_cache_space_options* options,
                                    cairn_cache_space** space_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(space_out, "space_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(name, name_bytes, "name"));
    const InputStruct<cairn_cache_space_options> given(options);
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    if (given->default_ttl_ns < 0) {
      return cairn::Error(Code::kInvalidArgument, "options.default_ttl_ns is negative");
    }
    CAIRN_ASSIGN_OR_RETURN(
        cairn::cache::Space * space,
        cache->impl->OpenSpace(text, {given->quota_bytes, given->default_ttl_ns}));
    *space_out = new cairn_cache_space(cache, space);
    return OkStatus();
  });
}

void cairn_cache_space_release(cairn_cache_space* space) noexcept { Release(space); }

cairn_status cairn_cache_get(cairn_cache_space* space, const char* key, size_t key_bytes,
                             cairn_cache_value** value_out, cairn_error** err) noexcept {
  bool found = false;
  const cairn_status status = Guard(err, [&]() -> Status {
    std::string_view text(key, key_bytes);
    // Where a hit takes some tens of nanoseconds, what is right is seen at one glance.
    const bool plain = value_out != nullptr && key != nullptr && IsValid(space) &&
                       key_bytes <= static_cast<size_t>(PTRDIFF_MAX);
    if (!plain) CAIRN_RETURN_IF_ERROR(CheckGet(space, key, key_bytes, value_out, &text));
    *value_out = nullptr;
    cairn::cache::Handle handle = space->cache->impl->Get(space->impl, text);
    found = static_cast<bool>(handle);
    *value_out = ToValue(std::move(handle));
    return OkStatus();
  });
  return status != CAIRN_OK || found ? status : CAIRN_NOT_FOUND;
}

cairn_status cairn_cache_get_many(cairn_cache_space* space, const char* const* keys,
                                  const size_t* key_bytes, size_t count,
                                  cairn_cache_value** values_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (count == 0) return CheckHandle(space, "space");
    if (keys == nullptr || key_bytes == nullptr || values_out == nullptr) {
      return cairn::Error(Code::kInvalidArgument, "keys, key_bytes or values_out is NULL");
    }
    for (size_t i = 0; i < count; ++i) values_out[i] = nullptr;
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    std::vector<std::string_view> wanted;
    for (size_t i = 0; i < count; ++i) {
      auto text = ReadBytes(keys[i], key_bytes[i], "key");
      if (!text.ok()) return std::move(text).status().WithIndex(i);
      wanted.push_back(*text);
    }
    auto handles = space->cache->impl->GetBatch(space->impl, wanted);
    for (size_t i = 0; i < count; ++i) values_out[i] = ToValue(std::move(handles[i]));
    return OkStatus();
  });
}

const char* cairn_cache_value_data(const cairn_cache_value* value, size_t* size_out) noexcept {
  const std::string_view bytes = value == nullptr ? std::string_view("") : EntryOf(value)->value();
  if (size_out != nullptr) *size_out = bytes.size();
  return bytes.data();
}

int32_t cairn_cache_value_is_negative(const cairn_cache_value* value) noexcept {
  return value != nullptr && EntryOf(value)->negative() ? 1 : 0;
}

void cairn_cache_value_release(cairn_cache_value* value) noexcept {
  cairn::cache::Handle::FromWord(reinterpret_cast<uintptr_t>(value));
}

cairn_status cairn_cache_set(cairn_cache_space* space, const char* key, size_t key_bytes,
                             const char* value, size_t value_bytes,
                             const cairn_cache_set_options* options, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(key, key_bytes, "key"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(value, value_bytes, "value"));
    const InputStruct<cairn_cache_set_options> given(options);
    cairn::cache::SetOptions wanted;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &wanted));
    return space->cache->impl->Set(space->impl, text, bytes, wanted);
  });
}

cairn_status cairn_cache_set_many(cairn_cache_space* space, const char* const* keys,
                                  const size_t* key_bytes, const char* const* values,
                                  const size_t* value_bytes, size_t count,
                                  const cairn_cache_set_options* options,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    const InputStruct<cairn_cache_set_options> given(options);
    cairn::cache::SetOptions wanted;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &wanted));
    if (count == 0) return OkStatus();
    if (keys == nullptr || key_bytes == nullptr || values == nullptr || value_bytes == nullptr) {
      return cairn::Error(Code::kInvalidArgument, "keys, key_bytes, values or value_bytes is NULL");
    }
    std::vector<cairn::cache::TierWrite> writes;
    for (size_t i = 0; i < count; ++i) {
      auto key = ReadBytes(keys[i], key_bytes[i], "key");
      if (!key.ok()) return std::move(key).status().WithIndex(i);
      auto value = ReadBytes(values[i], value_bytes[i], "value");
      if (!value.ok()) return std::move(value).status().WithIndex(i);
      writes.push_back({*key, *value, 0});
    }
    return space->cache->impl->SetBatch(space->impl, writes, wanted);
  });
}

cairn_status cairn_cache_delete(cairn_cache_space* space, const char* key, size_t key_bytes,
                                cairn_error** err) noexcept {
  bool found = false;
  const cairn_status status = Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(key, key_bytes, "key"));
    found = space->cache->impl->Delete(space->impl, text);
    return OkStatus();
  });
  return status != CAIRN_OK || found ? status : CAIRN_NOT_FOUND;
}

cairn_status cairn_cache_delete_prefix(cairn_cache_space* space, const char* prefix,
                                       size_t prefix_bytes, uint64_t* count_out,
                                       cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (count_out != nullptr) *count_out = 0;
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(prefix, prefix_bytes, "prefix"));
    const size_t count = space->cache->impl->DeletePrefix(space->impl, text);
    if (count_out != nullptr) *count_out = count;
    return OkStatus();
  });
}

cairn_status cairn_cache_bump(cairn_cache_space* space, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    space->cache->impl->Bump(space->impl);
    return OkStatus();
  });
}

cairn_status cairn_cache_maintain(cairn_cache* cache, size_t max_count, uint32_t* more_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (more_out != nullptr) *more_out = 0;
    CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
    const bool more = cache->impl->Maintain(max_count);
    if (more_out != nullptr) *more_out = more ? 1 : 0;
    return OkStatus();
  });
}

cairn_status cairn_cache_clear(cairn_cache* cache, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
    cache->impl->ClearAll();
    return OkStatus();
  });
}

cairn_status cairn_cache_stats_get(const cairn_cache* cache, cairn_cache_stats* stats_inout,
                                   cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
    const cairn::cache::CacheStats stats = cache->impl->Stats();
    cairn_cache_stats out = ToPublic(stats.total);
    out.shard_count = stats.shard_count;
    out.bytes = stats.bytes;
    out.max_bytes = stats.max_bytes;
    out.max_entries = stats.max_entries;
    out.hit_ratio_at_half = stats.estimates.half;
    out.hit_ratio_estimate = stats.estimates.present;
    out.hit_ratio_at_twice = stats.estimates.twice;
    FillStruct(stats_inout, out);
    return OkStatus();
  });
}

cairn_status cairn_cache_space_stats_get(const cairn_cache_space* space,
                                         cairn_cache_stats* stats_inout,
                                         cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    FillStruct(stats_inout, ToPublic(space->cache->impl->Stats(space->impl)));
    return OkStatus();
  });
}
