#include <cairn/cache.h>

#include <new>
#include <string_view>
#include <utility>

#include "capi/cache_handles.h"
#include "capi/callback.h"
#include "capi/guard.h"
#include "capi/options.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::OkStatus;
using cairn::Status;
using cairn::cache::Entry;
using cairn::cache::LoadOptions;
using cairn::cache::LoadResult;

namespace {

Status ReadOptions(const InputStruct<cairn_cache_load_options>& given, LoadOptions* out) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->stale_while_revalidate, "options.stale_while_revalidate"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->stale_on_error, "options.stale_on_error"));
  if (given->negative_ttl_ns < 0 || given->timeout_ns < 0 || given->load_limit_ns < 0 ||
      given->refresh_ahead_ns < 0) {
    return cairn::Error(Code::kInvalidArgument, "options has a negative time");
  }
  out->store.ttl_ns = given->ttl_ns;
  out->store.idle_ttl_ns = given->idle_ttl_ns;
  out->store.stale_ns = given->stale_ns;
  if (given->negative_ttl_ns != 0) out->negative_ttl_ns = given->negative_ttl_ns;
  out->timeout_ns = given->timeout_ns;
  if (given->load_limit_ns != 0) out->load_limit_ns = given->load_limit_ns;
  out->refresh_ahead_ns = given->refresh_ahead_ns;
  out->stale_while_revalidate = given->stale_while_revalidate != 0;
  out->stale_on_error = given->stale_on_error != 0;
  return OkStatus();
}

/// A value that is in no cache, freed when the caller releases it.
cairn_cache_value* AloneValue(std::string_view bytes, bool negative) {
  Entry* entry = Entry::Create(0, 0, "", bytes, false);
  if (entry == nullptr) throw std::bad_alloc();
  if (negative) entry->flags |= cairn::cache::kNegative;
  return ToValue(cairn::cache::Handle::Own(entry, false));
}

}  // namespace

void cairn_cache_load_options_init(cairn_cache_load_options* options,
                                   uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_cache_load(cairn_cache_space* space, const char* key, size_t key_bytes,
                              cairn_cache_load_fn load_fn, void* load_user_data,
                              cairn_free_fn load_free, const cairn_cache_load_options* options,
                              cairn_cache_value** value_out, cairn_error** err) noexcept {
  const HostData data(load_user_data, load_free);
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(value_out, "value_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(space, "space"));
    if (load_fn == nullptr) return cairn::Error(Code::kInvalidArgument, "load_fn is NULL");
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(key, key_bytes, "key"));
    LoadOptions wanted;
    CAIRN_RETURN_IF_ERROR(ReadOptions(InputStruct<cairn_cache_load_options>(options), &wanted));
    const auto loader = [&](cairn::cache::Loaded* out) {
      cairn_cache_loaded loaded{out};
      const int32_t outcome = load_fn(&loaded, data.get());
      if (outcome == 0) return OkStatus();
      return cairn::Error(Code::kAborted, "the loader returned ", outcome);
    };
    LoadResult result;
    CAIRN_RETURN_IF_ERROR(
        space->cache->impl->GetOrLoad(space->impl, text, loader, wanted, &result));
    *value_out = result.handle ? ToValue(std::move(result.handle))
                               : AloneValue(result.value(), result.negative);
    return OkStatus();
  });
}

cairn_status cairn_cache_loaded_set(cairn_cache_loaded* loaded, const char* value,
                                    size_t value_bytes, uint32_t negative, int64_t ttl_ns,
                                    cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (loaded == nullptr) return cairn::Error(Code::kInvalidArgument, "loaded is NULL");
    CAIRN_RETURN_IF_ERROR(CheckFlag(negative, "negative"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(value, value_bytes, "value"));
    loaded->out->value.assign(bytes);
    loaded->out->negative = negative != 0;
    loaded->out->ttl_ns = ttl_ns;
    return OkStatus();
  });
}
