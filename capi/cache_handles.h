#pragma once

#include <cairn/cache.h>

#include <memory>
#include <utility>

#include "base/thread_pool.h"
#include "cache/cache.h"
#include "capi/handle.h"
#include "capi/handles.h"

// The handles of the cache, for the files of the C interface that look into them.

struct cairn_cache final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kCache;
  cairn_cache() : Handle(kKind) {}
  ~cairn_cache() {
    impl.reset();
    cairn::capi::Release(database);
  }

  // Set once, before anybody else has the handle. Those above outlive those below.
  cairn_database* database = nullptr;  // in whose folder a tier is
  std::unique_ptr<cairn::ThreadPool> pool;
  std::unique_ptr<cairn::cache::Cache> impl;
};

struct cairn_cache_space final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kCacheSpace;
  cairn_cache_space(cairn_cache* of, cairn::cache::Space* opened)
      : Handle(kKind), cache(of), impl(opened) {
    cairn::capi::Retain(cache);
  }
  ~cairn_cache_space() { cairn::capi::Release(cache); }

  cairn_cache* const cache;
  cairn::cache::Space* const impl;
};

/// Lives in the frame of one call of a loader.
struct cairn_cache_loaded {
  cairn::cache::Loaded* out = nullptr;
};

namespace cairn::capi {

/// A value on its way to the caller: no object of ours, but the word that a cache::Handle is.
inline cairn_cache_value* ToValue(cache::Handle handle) {
  return reinterpret_cast<cairn_cache_value*>(std::move(handle).ToWord());
}
inline const cache::Entry* EntryOf(const cairn_cache_value* value) {
  return cache::Handle::EntryOf(reinterpret_cast<uintptr_t>(value));
}

}  // namespace cairn::capi
