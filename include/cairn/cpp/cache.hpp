// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_CACHE_HPP_
#define CAIRN_CPP_CACHE_HPP_

#include <cairn/cache.h>
#include <cairn/cpp/database.hpp>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/resilience.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

/// As cairn_cache_tier_options: what is named stands behind the memory, the disk before Redis.
struct CacheTierOptions {
  std::string disk_path;
  const Database* database = nullptr;  ///< instead of disk_path; kept open
  std::uint64_t disk_max_bytes = 0;
  std::string redis_url;
  std::string redis_prefix;  ///< empty = "cairn:"
  std::chrono::nanoseconds redis_timeout{0};
  std::uint32_t redis_connections = 0;
  bool write_behind = false;
  std::uint32_t failures_to_skip = 0;
  std::chrono::nanoseconds skip{0};
};

/// An entry that left a cache; borrowed for the call.
struct CacheRemoval {
  std::string_view space;
  std::string_view key;
  std::string_view value;
  std::int32_t cause = 0;  ///< CAIRN_CACHE_DELETED, ...
};

/// As cairn_cache_options: zero means the default; one of the bounds must be set.
struct CacheOptions {
  std::uint64_t max_bytes = 0;
  std::uint64_t max_entries = 0;
  std::uint32_t shard_count = 0;
  std::chrono::nanoseconds default_ttl{0};
  std::chrono::nanoseconds default_idle_ttl{0};
  double ttl_jitter = 0;
  std::string name;                  ///< empty = "cache"
  const Metrics* metrics = nullptr;  ///< kept
  /// Told of every entry that leaves, in the thread whose call made it leave. What it throws is
  /// dropped.
  std::function<void(const CacheRemoval&)> on_removal;
  CacheTierOptions tiers;
  /// Values of so many bytes and more are kept compressed where that pays; 0 = none are.
  std::uint64_t compress_from_bytes = 0;
};

struct CacheSetOptions {
  std::chrono::nanoseconds ttl{0};
  std::chrono::nanoseconds idle_ttl{0};
  std::chrono::nanoseconds stale{0};
  std::uint64_t extra_bytes = 0;
  bool negative = false;
};

/// A value that was found; its bytes stay until this ends.
class CacheValue {
 public:
  explicit CacheValue(cairn_cache_value* taken) noexcept : value_(taken) {}
  std::string_view bytes() const noexcept {
    std::size_t size = 0;
    const char* data = cairn_cache_value_data(value_.get(), &size);
    return {data, size};
  }
  /// The cache remembers that there is nothing.
  bool negative() const noexcept { return cairn_cache_value_is_negative(value_.get()) != 0; }

 private:
  detail::Owned<cairn_cache_value, cairn_cache_value_release> value_;
};

/// A namespace of a cache. Copies of the cache and other namespaces live independently of it.
class CacheSpace {
 public:
  explicit CacheSpace(cairn_cache_space* taken) noexcept : space_(taken) {}

  std::optional<CacheValue> get(std::string_view key) const {
    cairn_cache_value* value = nullptr;
    detail::ErrorSlot error;
    const cairn_status status =
        cairn_cache_get(space_.get(), key.data(), key.size(), &value, error.out());
    if (status == CAIRN_NOT_FOUND) return std::nullopt;
    error.check(status);
    return CacheValue(value);
  }
  void set(std::string_view key, std::string_view value, const CacheSetOptions& options = {}) {
    const cairn_cache_set_options given = native(options);
    detail::ErrorSlot error;
    error.check(cairn_cache_set(space_.get(), key.data(), key.size(), value.data(), value.size(),
                                &given, error.out()));
  }
  /// Stores many, with one call of each tier. What can be stored is stored, whatever is thrown.
  void set_many(const std::vector<std::pair<std::string_view, std::string_view>>& entries,
                const CacheSetOptions& options = {}) {
    std::vector<const char*> keys, values;
    std::vector<std::size_t> key_bytes, value_bytes;
    for (const auto& [key, value] : entries) {
      keys.push_back(key.data());
      key_bytes.push_back(key.size());
      values.push_back(value.data());
      value_bytes.push_back(value.size());
    }
    const cairn_cache_set_options given = native(options);
    detail::ErrorSlot error;
    error.check(cairn_cache_set_many(space_.get(), keys.data(), key_bytes.data(), values.data(),
                                     value_bytes.data(), entries.size(), &given, error.out()));
  }
  /// True when there was a value.
  bool erase(std::string_view key) {
    detail::ErrorSlot error;
    const cairn_status status =
        cairn_cache_delete(space_.get(), key.data(), key.size(), error.out());
    if (status != CAIRN_NOT_FOUND) error.check(status);
    return status == CAIRN_OK;
  }
  std::uint64_t erase_prefix(std::string_view prefix) {
    std::uint64_t count = 0;
    detail::ErrorSlot error;
    error.check(
        cairn_cache_delete_prefix(space_.get(), prefix.data(), prefix.size(), &count, error.out()));
    return count;
  }
  void bump() {
    detail::ErrorSlot error;
    error.check(cairn_cache_bump(space_.get(), error.out()));
  }
  /// The value, computed by `load` (a callable that returns a string) if need be: once, however
  /// many threads ask. What it throws comes out of its own caller; the others get an Error.
  template <typename Load>
  CacheValue get_or_load(std::string_view key, Load load) {
    LoadState<Load> state{&load, nullptr};
    cairn_cache_value* value = nullptr;
    detail::ErrorSlot error;
    const cairn_status status =
        cairn_cache_load(space_.get(), key.data(), key.size(), &LoadState<Load>::run, &state,
                         nullptr, nullptr, &value, error.out());
    if (state.thrown) std::rethrow_exception(state.thrown);
    error.check(status);
    return CacheValue(value);
  }

 private:
  static cairn_cache_set_options native(const CacheSetOptions& options) {
    cairn_cache_set_options given;
    cairn_cache_set_options_init(&given, sizeof given);
    given.ttl_ns = options.ttl.count();
    given.idle_ttl_ns = options.idle_ttl.count();
    given.stale_ns = options.stale.count();
    given.extra_bytes = options.extra_bytes;
    given.negative = options.negative ? 1 : 0;
    return given;
  }

  template <typename Load>
  struct LoadState {
    Load* load;
    std::exception_ptr thrown;

    static std::int32_t run(cairn_cache_loaded* loaded, void* user_data) noexcept {
      auto* state = static_cast<LoadState*>(user_data);
      try {
        const std::string value((*state->load)());
        return cairn_cache_loaded_set(loaded, value.data(), value.size(), 0, 0, nullptr);
      } catch (...) {
        state->thrown = std::current_exception();
        return 1;
      }
    }
  };

  detail::Owned<cairn_cache_space, cairn_cache_space_release> space_;
};

/// A cache in memory, with slower and larger stores behind it if wanted. Copies mean the same
/// object.
class Cache {
 public:
  explicit Cache(const CacheOptions& options) {
    cairn_cache_options given;
    cairn_cache_options_init(&given, sizeof given);
    given.max_bytes = options.max_bytes;
    given.max_entries = options.max_entries;
    given.shard_count = options.shard_count;
    given.default_ttl_ns = options.default_ttl.count();
    given.default_idle_ttl_ns = options.default_idle_ttl.count();
    given.ttl_jitter = options.ttl_jitter;
    given.compress_from_bytes = options.compress_from_bytes;
    given.name = options.name.empty() ? nullptr : options.name.data();
    given.name_bytes = options.name.size();
    given.metrics = options.metrics == nullptr ? nullptr : options.metrics->get();
    if (options.on_removal) {
      given.removal_fn = &Cache::tell_removal;
      given.removal_user_data = new Listener(options.on_removal);
      given.removal_free = [](void* listener) { delete static_cast<Listener*>(listener); };
    }
    const cairn_cache_tier_options tiers = native(options.tiers);
    given.tiers = &tiers;
    cairn_cache* made = nullptr;
    detail::ErrorSlot error;
    error.check(cairn_cache_create(&given, &made, error.out()));
    cache_ = CacheHandle(made);
  }

  CacheSpace space(std::string_view name = {}) const {
    cairn_cache_space* opened = nullptr;
    detail::ErrorSlot error;
    error.check(cairn_cache_space_open(cache_.get(), name.data(), name.size(), nullptr, &opened,
                                       error.out()));
    return CacheSpace(opened);
  }
  void clear() {
    detail::ErrorSlot error;
    error.check(cairn_cache_clear(cache_.get(), error.out()));
  }
  cairn_cache_stats stats() const {
    cairn_cache_stats stats{};
    stats.struct_size = sizeof stats;
    detail::ErrorSlot error;
    error.check(cairn_cache_stats_get(cache_.get(), &stats, error.out()));
    return stats;
  }

  /// Waits until the tiers have what was written behind.
  void flush() {
    detail::ErrorSlot error;
    error.check(cairn_cache_flush(cache_.get(), error.out()));
  }
  /// One for each tier, the fastest first.
  std::vector<cairn_cache_tier_stats> tier_stats() const {
    std::vector<cairn_cache_tier_stats> all(cairn_cache_tier_count(cache_.get()));
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].struct_size = sizeof all[i];
      detail::ErrorSlot error;
      error.check(cairn_cache_tier_stats_get(cache_.get(), i, &all[i], error.out()));
    }
    return all;
  }
  /// What went wrong last in a tier; empty when nothing did.
  std::string tier_failure(std::size_t tier) const {
    cairn_buffer* text = nullptr;
    detail::ErrorSlot error;
    error.check(cairn_cache_tier_failure(cache_.get(), tier, &text, error.out()));
    return detail::to_string(text);
  }

 private:
  using Listener = std::function<void(const CacheRemoval&)>;

  static void tell_removal(const char* space, std::size_t space_bytes, const char* key,
                           std::size_t key_bytes, const char* value, std::size_t value_bytes,
                           std::int32_t cause, void* listener) {
    try {
      (*static_cast<Listener*>(listener))(
          {{space, space_bytes}, {key, key_bytes}, {value, value_bytes}, cause});
    } catch (...) {  // there is nobody to tell
    }
  }
  static cairn_cache_tier_options native(const CacheTierOptions& options) {
    cairn_cache_tier_options given;
    cairn_cache_tier_options_init(&given, sizeof given);
    given.write_behind = options.write_behind ? 1 : 0;
    given.failures_to_skip = options.failures_to_skip;
    given.skip_ns = options.skip.count();
    given.disk_path = options.disk_path.empty() ? nullptr : options.disk_path.data();
    given.disk_path_bytes = options.disk_path.size();
    given.database = options.database == nullptr ? nullptr : options.database->get();
    given.disk_max_bytes = options.disk_max_bytes;
    given.redis_url = options.redis_url.empty() ? nullptr : options.redis_url.data();
    given.redis_url_bytes = options.redis_url.size();
    given.redis_prefix = options.redis_prefix.empty() ? nullptr : options.redis_prefix.data();
    given.redis_prefix_bytes = options.redis_prefix.size();
    given.redis_timeout_ns = options.redis_timeout.count();
    given.redis_connections = options.redis_connections;
    return given;
  }

  using CacheHandle = detail::Shared<cairn_cache, cairn_cache_retain, cairn_cache_release>;
  CacheHandle cache_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_CACHE_HPP_
