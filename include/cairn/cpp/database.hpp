// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_DATABASE_HPP_
#define CAIRN_CPP_DATABASE_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/callbacks.hpp>
#include <cairn/cpp/collection.hpp>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// An open database. Copies refer to the same one; it closes when the last copy and the last of its
/// collections go. Thread-safe.
class Database {
 public:
  /// Opens a database directory, and makes it when it does not exist.
  explicit Database(std::string_view path, const DatabaseOptions& options = {}) {
    cairn_database_options raw{};
    raw.struct_size = sizeof(raw);
    raw.read_only = options.read_only ? 1 : 0;
    raw.must_exist = options.must_exist ? 1 : 0;
    raw.durability = static_cast<std::int32_t>(options.durability);
    raw.thread_count = options.thread_count;
    raw.storage_memory_bytes = options.storage_memory_bytes;
    raw.vector_memory_bytes = options.vector_memory_bytes;
    raw.search_cache_bytes = options.search_cache_bytes;
    raw.embedding_cache_bytes = options.embedding_cache_bytes;
    raw.search_cache_none = options.search_cache_none ? 1 : 0;
    raw.embedding_cache_none = options.embedding_cache_none ? 1 : 0;
    raw.log_level = static_cast<std::int32_t>(options.log_level);
    if (options.log) {
      raw.log_fn = detail::log_trampoline;
      raw.log_user_data = new LogFunction(options.log);
      raw.log_free = detail::free_log;
    }
    detail::ErrorSlot error;
    cairn_database* database = nullptr;
    error.check(cairn_database_open(path.data(), path.size(), &raw, &database, error.out()));
    handle_ = Handle(database);
  }

  /// Opens a collection, and creates it when it does not exist. Options that are set must agree
  /// with those of an existing one.
  Collection collection(std::string_view name, const CollectionOptions& options = {}) {
    try {
      return open_collection(name, options);
    } catch (const Error& e) {
      if (e.code() != CAIRN_NOT_FOUND) throw;
    }
    try {
      return create_collection(name, options);
    } catch (const Error& e) {
      if (e.code() != CAIRN_ALREADY_EXISTS) throw;
    }
    return open_collection(name, options);  // another thread was first
  }

  Collection create_collection(std::string_view name, const CollectionOptions& options = {}) {
    return make_collection(cairn_collection_create, name, options);
  }

  /// Throws CAIRN_NOT_FOUND.
  Collection open_collection(std::string_view name, const CollectionOptions& options = {}) {
    return make_collection(cairn_collection_open, name, options);
  }

  /// Deletes a collection and everything in it. Throws CAIRN_NOT_FOUND.
  void drop_collection(std::string_view name) {
    detail::ErrorSlot error;
    error.check(cairn_collection_drop(get(), name.data(), name.size(), error.out()));
  }

  std::vector<std::string> collection_names() const {
    detail::ErrorSlot error;
    cairn_list* names = nullptr;
    error.check(cairn_collection_names(get(), &names, error.out()));
    return detail::to_strings(names);
  }

  /// Stops background work, flushes, and gives the directory free. Later calls fail.
  void close() {
    detail::ErrorSlot error;
    error.check(cairn_database_close(get(), error.out()));
  }

  /// Makes every earlier write survive power loss.
  void sync() {
    detail::ErrorSlot error;
    error.check(cairn_database_sync(get(), error.out()));
  }

  /// Read-only databases: moves on to what the writer has committed since.
  void refresh() {
    detail::ErrorSlot error;
    error.check(cairn_database_refresh(get(), error.out()));
  }

  /// Waits for background work; negative waits for ever. False when the time ran out.
  bool wait_idle(std::int64_t timeout_ns = -1) {
    detail::ErrorSlot error;
    cairn_status status = cairn_database_wait_idle(get(), timeout_ns, error.out());
    if (status == CAIRN_TIMED_OUT) return false;
    error.check(status);
    return true;
  }

  cairn_database_stats stats() const {
    cairn_database_stats stats{};
    stats.struct_size = sizeof(stats);
    detail::ErrorSlot error;
    error.check(cairn_database_stats_get(get(), &stats, error.out()));
    return stats;
  }

  /// In the Prometheus text format.
  std::string metrics() const {
    detail::ErrorSlot error;
    cairn_buffer* metrics = nullptr;
    error.check(cairn_database_metrics(get(), &metrics, error.out()));
    return detail::to_string(metrics);
  }

  cairn_database* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Shared<cairn_database, cairn_database_retain, cairn_database_release>;

  template <typename Call>
  Collection make_collection(Call call, std::string_view name, const CollectionOptions& options) {
    cairn_collection_options raw{};
    raw.struct_size = sizeof(raw);
    raw.embedder = static_cast<std::int32_t>(options.embedder);
    raw.dim = options.dim;
    raw.metric = static_cast<std::int32_t>(options.metric);
    raw.language = options.language.empty() ? nullptr : options.language.data();
    raw.language_bytes = options.language.size();
    raw.bm25_k1 = options.bm25_k1;
    raw.bm25_b = options.bm25_b;
    raw.title_weight = options.title_weight;
    raw.tags_weight = options.tags_weight;
    raw.description_weight = options.description_weight;
    raw.body_weight = options.body_weight;
    raw.embedder_name = options.embedder_name.data();
    raw.embedder_name_bytes = options.embedder_name.size();
    raw.embedder_version = options.embedder_version.data();
    raw.embedder_version_bytes = options.embedder_version.size();
    detail::EmbedStatePtr embed;
    if (options.embed) {
      embed = std::make_shared<detail::EmbedState>(options.embed);
      raw.embedder = CAIRN_EMBEDDER_CALLBACK;
      raw.embed_fn = detail::embed_trampoline;
      raw.embed_user_data = new detail::EmbedStatePtr(embed);
      raw.embed_free = detail::free_embed;
    }
    detail::ErrorSlot error;
    cairn_collection* collection = nullptr;
    error.check(call(get(), name.data(), name.size(), &raw, &collection, error.out()));
    return Collection(collection, std::move(embed));
  }

  Handle handle_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_DATABASE_HPP_
