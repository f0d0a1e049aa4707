#include <cairn/database.h>

#include <memory>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/log_sink.h"
#include "capi/options.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Status;
using cairn::db::Database;
using cairn::db::DatabaseOptions;
using cairn::db::DatabaseStats;

namespace {

/// As the core has it, where 0 is none.
uint64_t CacheBytes(uint64_t given, uint32_t none) {
  if (none != 0) return 0;
  return given == 0 ? cairn::db::kDefaultCacheBytes : given;
}

Status ReadOptions(const InputStruct<cairn_database_options>& given, HostData log_data,
                   DatabaseOptions* options) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->read_only, "options.read_only"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->must_exist, "options.must_exist"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->search_cache_none, "options.search_cache_none"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->embedding_cache_none, "options.embedding_cache_none"));
  CAIRN_RETURN_IF_ERROR(
      CheckChoice(given->durability, CAIRN_DURABILITY_ASYNC, "options.durability"));
  CAIRN_RETURN_IF_ERROR(CheckChoice(given->log_level, CAIRN_LOG_ERROR, "options.log_level"));
  options->read_only = given->read_only != 0;
  options->must_exist = given->must_exist != 0;
  options->durability = given->durability == CAIRN_DURABILITY_ASYNC
                            ? cairn::storage::Durability::kAsync
                            : cairn::storage::Durability::kSync;
  options->thread_count = given->thread_count;
  options->storage_memory_bytes = given->storage_memory_bytes;
  options->vector_memory_bytes = given->vector_memory_bytes;
  options->search_cache_bytes = CacheBytes(given->search_cache_bytes, given->search_cache_none);
  options->embedding_cache_bytes =
      CacheBytes(given->embedding_cache_bytes, given->embedding_cache_none);
  if (given->log_fn != nullptr || log_data.has_free()) {
    options->log = MakeHostLogSink(given->log_fn, given->log_level, std::move(log_data));
  }
  return cairn::OkStatus();
}

cairn_database_stats ToPublic(const DatabaseStats& stats) {
  cairn_database_stats out{};
  out.collection_count = stats.collection_count;
  out.document_count = stats.document_count;
  out.chunk_count = stats.chunk_count;
  out.disk_bytes = stats.disk_bytes;
  out.vector_memory_bytes = stats.vector_memory_bytes;
  out.sequence = stats.sequence;
  out.format_version = stats.format_version;
  out.read_only = stats.read_only ? 1 : 0;
  out.vector_memory_used_bytes = stats.vector_memory_used_bytes;
  out.vector_memory_limit_bytes = stats.vector_memory_limit_bytes;
  out.search_cache_hits = stats.search_cache.hits;
  out.search_cache_misses = stats.search_cache.misses;
  out.search_cache_entries = stats.search_cache.entries;
  out.search_cache_bytes = stats.search_cache.bytes;
  out.search_cache_limit_bytes = stats.search_cache.limit_bytes;
  out.embedding_cache_hits = stats.embedding_cache.hits;
  out.embedding_cache_misses = stats.embedding_cache.misses;
  out.embedding_cache_entries = stats.embedding_cache.entries;
  out.embedding_cache_bytes = stats.embedding_cache.bytes;
  out.embedding_cache_limit_bytes = stats.embedding_cache.limit_bytes;
  return out;
}

}  // namespace

void cairn_database_options_init(cairn_database_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_database_open(const char* path, size_t path_bytes,
                                 const cairn_database_options* options,
                                 cairn_database** database_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    InputStruct<cairn_database_options> given(options);
    HostData log_data(given->log_user_data, given->log_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(database_out, "database_out"));
    DatabaseOptions read;
    CAIRN_ASSIGN_OR_RETURN(read.path, ReadPath(path, path_bytes, "path"));
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, std::move(log_data), &read));
    CAIRN_ASSIGN_OR_RETURN(auto database, Database::Open(read));
    *database_out = std::make_unique<cairn_database>(std::move(database)).release();
    return cairn::OkStatus();
  });
}

cairn_database* cairn_database_retain(cairn_database* database) noexcept {
  return Retain(database);
}

void cairn_database_release(cairn_database* database) noexcept { Release(database); }

cairn_status cairn_database_close(cairn_database* database, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    return database->impl->Close();
  });
}

cairn_status cairn_database_sync(cairn_database* database, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    return database->impl->Sync();
  });
}

cairn_status cairn_database_refresh(cairn_database* database, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    return database->impl->Refresh();
  });
}

cairn_status cairn_database_wait_idle(cairn_database* database, int64_t timeout_ns,
                                      cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    return database->impl->WaitIdle(timeout_ns);
  });
}

cairn_status cairn_database_stats_get(const cairn_database* database,
                                      cairn_database_stats* stats_inout,
                                      cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    CAIRN_ASSIGN_OR_RETURN(DatabaseStats stats, database->impl->Stats());
    FillStruct(stats_inout, ToPublic(stats));
    return cairn::OkStatus();
  });
}

cairn_status cairn_database_metrics(const cairn_database* database, cairn_buffer** metrics_out,
                                    cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(metrics_out, "metrics_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(database, "database"));
    *metrics_out = std::make_unique<cairn_buffer>(database->impl->Metrics()).release();
    return cairn::OkStatus();
  });
}
