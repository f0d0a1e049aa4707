/* SPDX-License-Identifier: Apache-2.0 */
/* A database: one directory. One process writes it; any number may open it read-only. */
#ifndef CAIRN_DATABASE_H_
#define CAIRN_DATABASE_H_

#include <cairn/buffer.h>

/* An open database. Thread-safe. Reference-counted; collections keep theirs alive. */
typedef struct cairn_database cairn_database;

#define CAIRN_DURABILITY_SYNC 0  /* a write that returned OK survives power loss */
#define CAIRN_DURABILITY_ASYNC 1 /* it survives the death of the process only */

#define CAIRN_LOG_DEBUG 0
#define CAIRN_LOG_INFO 1
#define CAIRN_LOG_WARNING 2
#define CAIRN_LOG_ERROR 3

/**
 * Receives log records. Called from any thread, also concurrently; must not call back into the
 * database. `component` and `message` are borrowed for the call and NUL-terminated.
 */
typedef void (*cairn_log_fn)(int32_t level, const char* component, const char* message,
                             void* user_data);

/* How to open a database. Zero in every field is the default. */
typedef struct cairn_database_options {
  uint32_t struct_size;          /* sizeof(cairn_database_options) */
  uint32_t read_only;            /* 1: never writes, takes no lock, fails when there is none */
  uint32_t must_exist;           /* 1: do not create it */
  int32_t durability;            /* CAIRN_DURABILITY_*; default sync */
  uint32_t thread_count;         /* worker threads; 0 = as many as processors, at most 4 */
  int32_t log_level;             /* least level handed to log_fn; default debug = everything */
  uint64_t storage_memory_bytes; /* caches and write buffers of the storage; 0 = 64 MiB */
  cairn_log_fn log_fn;           /* NULL: silent */
  void* log_user_data;
  cairn_free_fn log_free; /* may be NULL; runs when the database goes, also when open fails */
  /*
   * Most memory that the vector indexes of all collections may take together, their building
   * included, searches' own buffers not; 0 = no limit. What does not fit is refused before anything
   * is written, with CAIRN_RESOURCE_EXHAUSTED, the limit and the need. Vectors that are in files
   * and graphs that do not fit are read from there, so an index can be larger than the limit.
   */
  uint64_t vector_memory_bytes;
  /*
   * Most memory for remembered answers of searches (for 300 s, and only until the next write to
   * their collection), and for remembered vectors of embedded texts and queries (for a day).
   * 0 = 16 MiB each; at least 256 KiB.
   */
  uint64_t search_cache_bytes;
  uint64_t embedding_cache_bytes;
  uint32_t search_cache_none;    /* 1: remembers no answers */
  uint32_t embedding_cache_none; /* 1: remembers no vectors */
} cairn_database_options;

/* What a database holds and costs. Set struct_size before the call. */
typedef struct cairn_database_stats {
  uint32_t struct_size;
  uint32_t collection_count;
  uint64_t document_count;
  uint64_t chunk_count;
  uint64_t disk_bytes;
  uint64_t vector_memory_bytes; /* of vectors loaded for search */
  uint64_t sequence;            /* number of the newest change */
  uint32_t format_version;
  uint32_t read_only;
  uint64_t vector_memory_used_bytes;  /* what counts against vector_memory_bytes: work included */
  uint64_t vector_memory_limit_bytes; /* 0 = none */
  uint64_t search_cache_hits;         /* searches answered from memory; of hits + misses */
  uint64_t search_cache_misses;
  uint64_t search_cache_entries;
  uint64_t search_cache_bytes;
  uint64_t search_cache_limit_bytes; /* 0 = there is no such cache */
  uint64_t embedding_cache_hits;     /* texts and queries that were not embedded again */
  uint64_t embedding_cache_misses;
  uint64_t embedding_cache_entries;
  uint64_t embedding_cache_bytes;
  uint64_t embedding_cache_limit_bytes; /* 0 = there is no such cache */
} cairn_database_stats;

CAIRN_BEGIN_DECLS

/**
 * Fills the options with their defaults.
 * struct_size: sizeof(cairn_database_options) of the caller.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT void cairn_database_options_init(cairn_database_options* options,
                                              uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Opens a database directory, and makes it when it does not exist.
 * path, path_bytes: UTF-8, borrowed. options: NULL for the defaults.
 * database_out: a new reference; release it with cairn_database_release.
 * Errors: CAIRN_NOT_FOUND (read_only or must_exist, and none is there), CAIRN_LOCKED (names the pid
 * of the process that writes it), CAIRN_FAILED_PRECONDITION (written by a newer version, or a
 * folder with other files), CAIRN_DATA_LOSS, CAIRN_IO_ERROR, CAIRN_PERMISSION_DENIED.
 * Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_open(const char* path, size_t path_bytes,
                                                             const cairn_database_options* options,
                                                             cairn_database** database_out,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.1. */
CAIRN_EXPORT cairn_database* cairn_database_retain(cairn_database* database) CAIRN_NOEXCEPT;

/**
 * Drops a reference; the last one closes the database. NULL is a no-op. Never fails: call
 * cairn_database_close first to learn whether closing went well.
 * Threads: any. May block on I/O. Since 0.1.
 */
CAIRN_EXPORT void cairn_database_release(cairn_database* database) CAIRN_NOEXCEPT;

/**
 * Stops background work, flushes, and gives the directory free for other processes. Later calls on
 * the database and its collections fail with CAIRN_FAILED_PRECONDITION. Idempotent.
 * Threads: any. Blocks. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_close(cairn_database* database,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Makes every earlier write survive power loss, also under CAIRN_DURABILITY_ASYNC.
 * Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_sync(cairn_database* database,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Read-only databases: moves on to what the writer has committed since. Else a no-op.
 * Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_refresh(cairn_database* database,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Waits until no background work (training of the builtin embedder) is queued or running.
 * timeout_ns: longest wait; negative waits for ever.
 * Errors: CAIRN_TIMED_OUT. Threads: any. Blocks. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_wait_idle(cairn_database* database,
                                                                  int64_t timeout_ns,
                                                                  cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Counts and sizes. Fills at most stats_inout->struct_size bytes.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_stats_get(const cairn_database* database,
                                                                  cairn_database_stats* stats_inout,
                                                                  cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Metrics of this database in the Prometheus text format.
 * metrics_out: release it with cairn_buffer_release.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_database_metrics(const cairn_database* database,
                                                                cairn_buffer** metrics_out,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_DATABASE_H_ */
