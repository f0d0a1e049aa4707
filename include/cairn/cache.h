/* SPDX-License-Identifier: Apache-2.0 */
/* A cache in memory: bounded in bytes and entries, with namespaces, expiry and loading, and, if
 * wanted, slower and larger stores behind it. It needs no database. A miss may also be a value that
 * was forgotten: nothing in a cache is the truth. */
#ifndef CAIRN_CACHE_H_
#define CAIRN_CACHE_H_

#include <cairn/buffer.h>
#include <cairn/database.h>
#include <cairn/metrics.h>

/* A cache. Thread-safe; counts references. */
typedef struct cairn_cache cairn_cache;

/* A namespace of a cache, which it keeps alive. Thread-safe. Owned by the caller. */
typedef struct cairn_cache_space cairn_cache_space;

/*
 * A value that was found. Its bytes stay as they are until it is released, whatever happens to the
 * cache; meanwhile they count as used. Unchanging, so thread-safe. Owned by the caller. Keep only a
 * few for long: seven for each thread are cheapest.
 */
typedef struct cairn_cache_value cairn_cache_value;

/* As a time to live: for ever, whatever the defaults. */
#define CAIRN_CACHE_FOR_EVER -1

/* Why an entry left a cache; more may come. */
#define CAIRN_CACHE_DELETED 0     /* asked for by key, by prefix, or by clear */
#define CAIRN_CACHE_REPLACED 1    /* another value was set */
#define CAIRN_CACHE_EVICTED 2     /* to make room, or not admitted */
#define CAIRN_CACHE_EXPIRED 3     /* its time was over */
#define CAIRN_CACHE_INVALIDATED 4 /* its namespace was bumped */

/*
 * Is told of every entry that left memory, in the thread whose call made it leave, with no lock
 * held; it may use the cache. Entries that ended by their time or by a bump are told when the cache
 * comes upon them. Texts are borrowed for the call. cause: CAIRN_CACHE_DELETED, ...
 */
typedef void (*cairn_cache_removal_fn)(const char* space, size_t space_bytes, const char* key,
                                       size_t key_bytes, const char* value, size_t value_bytes,
                                       int32_t cause, void* user_data);

/*
 * What stands behind the memory of a cache: a store on disk, then a Redis server, each if it is
 * named. Zero in every field is the default. What memory has not is looked for there, and what is
 * written goes there too. A tier that fails is a miss and a number in its statistics, never an
 * error; it is passed over for a while and recovers by itself. Prefixes cannot be deleted in a
 * tier: there the whole namespace becomes invalid.
 */
typedef struct cairn_cache_tier_options {
  uint32_t struct_size;       /* sizeof(cairn_cache_tier_options) */
  uint32_t write_behind;      /* 1: written later, by a thread of the cache */
  uint32_t failures_to_skip;  /* in a row, until a tier is passed over; 0 = 5 */
  uint32_t redis_connections; /* the most; 0 = 8 */
  int64_t skip_ns;            /* for how long; 0 = 5 s */
  const char* disk_path;      /* a folder of its own, made if need be; not with `database` */
  size_t disk_path_bytes;
  cairn_database* database; /* the folder `cache` in this database's, until that is closed */
  uint64_t
      disk_max_bytes;    /* of all files, the oldest values go first; at least 16 MiB; 0 = 1 GiB */
  const char* redis_url; /* redis://[[user]:password@]host[:port][/n] or unix://... */
  size_t redis_url_bytes;
  const char* redis_prefix; /* of all its keys; NULL = "cairn:" */
  size_t redis_prefix_bytes;
  int64_t redis_timeout_ns; /* that a call of Redis may take, connecting included; 0 = 20 ms */
} cairn_cache_tier_options;

/* At least one of the two bounds must be set; in all else zero is the default. */
typedef struct cairn_cache_options {
  uint32_t struct_size; /* sizeof(cairn_cache_options) */
  uint32_t shard_count; /* 1 to 64; 0 = by processors and size */
  uint64_t max_bytes;   /* of everything, keys and tables included; at least 262,144 */
  uint64_t max_entries;
  int64_t default_ttl_ns;      /* 0 = for ever */
  int64_t default_idle_ttl_ns; /* 0 = reading does not matter */
  double ttl_jitter;           /* 0 to 0.5: times to live are made shorter by up to that share */
  uint64_t seed;               /* of the hash; 0 = random */
  const char* name; /* label of its metrics, and of its values in a database; NULL = "cache" */
  size_t name_bytes;
  const cairn_metrics* metrics;          /* NULL = none; kept */
  cairn_cache_removal_fn removal_fn;     /* may be NULL */
  void* removal_user_data;               /* passed on */
  cairn_free_fn removal_free;            /* may be NULL; called once, also when creating fails */
  const cairn_cache_tier_options* tiers; /* NULL = memory only */
  /* Values of so many bytes and more are kept compressed, in memory and in the tiers, where that
   * saves an eighth or more; bounds and quotas count what is kept. Who reads one gets a copy of its
   * own, which counts nowhere. Refused where the library was built without LZ4. 0 = none are */
  uint64_t compress_from_bytes;
} cairn_cache_options;

/* Of a namespace; zero in every field is the default. */
typedef struct cairn_cache_space_options {
  uint32_t struct_size; /* sizeof(cairn_cache_space_options) */
  uint32_t reserved;
  uint64_t quota_bytes;   /* the most it may hold; 0 = no more than the cache */
  int64_t default_ttl_ns; /* 0 = the cache's */
} cairn_cache_space_options;

/* How to store a value; zero in every field is the default. */
typedef struct cairn_cache_set_options {
  uint32_t struct_size; /* sizeof(cairn_cache_set_options) */
  uint32_t negative;    /* 1: remembers that there is nothing; the value may be empty */
  int64_t ttl_ns;       /* 0 = default, or CAIRN_CACHE_FOR_EVER */
  int64_t idle_ttl_ns;  /* gone when not read for so long; 0 = default, or CAIRN_CACHE_FOR_EVER */
  int64_t stale_ns;     /* kept so long beyond its time to live, for loads that take stale values */
  uint64_t extra_bytes; /* counted in addition: what the value stands for elsewhere */
} cairn_cache_set_options;

/* How to load a value; zero in every field is the default. */
typedef struct cairn_cache_load_options {
  uint32_t struct_size;            /* sizeof(cairn_cache_load_options) */
  uint32_t stale_while_revalidate; /* 1: a stale value is given to all but the one who loads */
  uint32_t stale_on_error;         /* 1: a stale value is given when loading fails */
  uint32_t reserved;
  int64_t ttl_ns; /* as in cairn_cache_set_options */
  int64_t idle_ttl_ns;
  int64_t stale_ns;
  int64_t negative_ttl_ns;  /* 0 = 30 s */
  int64_t timeout_ns;       /* how long to wait for somebody else's load; 0 = as long as it takes */
  int64_t load_limit_ns;    /* from then on a load counts as lost; 0 = 60 s */
  int64_t refresh_ahead_ns; /* loaded anew when less than this is left of its time to live */
} cairn_cache_load_options;

/* Statistics of a cache or of one namespace. Set struct_size before the call. */
typedef struct cairn_cache_stats {
  uint32_t struct_size; /* sizeof(cairn_cache_stats) */
  uint32_t shard_count;
  uint64_t bytes; /* of everything; for a namespace of its entries */
  uint64_t max_bytes;
  uint64_t entry_count;
  uint64_t max_entries;
  uint64_t hit_count; /* negative and stale ones included */
  uint64_t negative_hit_count;
  uint64_t stale_hit_count;
  uint64_t miss_count;
  uint64_t set_count;
  uint64_t refused_count;  /* sets that stored nothing */
  uint64_t admitted_count; /* entries that earned a longer stay */
  uint64_t rejected_count; /* entries that left without it */
  uint64_t deleted_count;
  uint64_t replaced_count;
  uint64_t evicted_count;
  uint64_t expired_count;
  uint64_t invalidated_count;
  uint64_t load_count;
  uint64_t load_failure_count;
  uint64_t load_ns;
  double hit_ratio_at_half;  /* estimates of the whole cache at half, this and twice its size; */
  double hit_ratio_estimate; /* zero before anything was evicted */
  double hit_ratio_at_twice;
  uint64_t tier_hit_count;   /* misses that a tier had */
  uint64_t compressed_count; /* entries whose value is compressed now */
  uint64_t saved_bytes;      /* what they would take in addition if it were not */
} cairn_cache_stats;

/* Statistics of one tier. Set struct_size before the call. */
typedef struct cairn_cache_tier_stats {
  uint32_t struct_size; /* sizeof(cairn_cache_tier_stats) */
  uint32_t is_skipped;  /* 1: it has failed lately, and is passed over */
  const char* name;     /* "rocksdb" or "redis"; lives as long as the library */
  uint64_t hit_count;
  uint64_t miss_count;
  uint64_t failure_count;
  uint64_t skipped_count; /* calls that were not made */
  uint64_t written_count;
  uint64_t unwritten_count; /* values that it did not get */
  uint64_t bytes;           /* 0 = it cannot tell */
  uint64_t max_bytes;
} cairn_cache_tier_stats;

/* Receives what a loader found, see cairn_cache_load. Good until the loader returns. */
typedef struct cairn_cache_loaded cairn_cache_loaded;

/*
 * Computes the value of a key, and hands it over with cairn_cache_loaded_set. Called in the thread
 * of the caller of cairn_cache_load. Returns 0, or anything else for a failure.
 */
typedef int32_t (*cairn_cache_load_fn)(cairn_cache_loaded* loaded, void* user_data);

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_options_init(cairn_cache_options* options,
                                           uint32_t struct_size) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_cache_tier_options_init(cairn_cache_tier_options* options,
                                                uint32_t struct_size) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_space_options_init(cairn_cache_space_options* options,
                                                 uint32_t struct_size) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_set_options_init(cairn_cache_set_options* options,
                                               uint32_t struct_size) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_load_options_init(cairn_cache_load_options* options,
                                                uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a cache.
 * cache_out: release it with cairn_cache_release.
 * Errors: CAIRN_INVALID_ARGUMENT names the faults of the options; CAIRN_FAILED_PRECONDITION for a
 * folder with other files in it, or a database that is read-only or closed; CAIRN_UNSUPPORTED for
 * Redis in a library built without it. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_create(const cairn_cache_options* options,
                                                            cairn_cache** cache_out,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference, and returns the cache. NULL gives NULL. Threads: any. Since 0.1. */
CAIRN_EXPORT cairn_cache* cairn_cache_retain(cairn_cache* cache) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_release(cairn_cache* cache) CAIRN_NOEXCEPT;

/**
 * A namespace, made at the first call; later calls leave its options as they are.
 * name: any bytes; empty = the default namespace. options: NULL = defaults.
 * space_out: release it with cairn_cache_space_release.
 * Errors: CAIRN_RESOURCE_EXHAUSTED (65,536 namespaces). Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_cache_space_open(cairn_cache* cache, const char* name, size_t name_bytes,
                       const cairn_cache_space_options* options, cairn_cache_space** space_out,
                       cairn_error** err) CAIRN_NOEXCEPT;

/** Releases a namespace; its values stay. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_cache_space_release(cairn_cache_space* space) CAIRN_NOEXCEPT;

/**
 * Looks a key up.
 * key: any bytes. value_out: release it with cairn_cache_value_release; NULL for a miss.
 * Returns: CAIRN_OK, or CAIRN_NOT_FOUND, which makes no error object: a miss is no mistake.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_get(cairn_cache_space* space, const char* key,
                                                         size_t key_bytes,
                                                         cairn_cache_value** value_out,
                                                         cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Looks many keys up. values_out: room for `count`; NULL where nothing was found, release the
 * others. Errors: CAIRN_INVALID_ARGUMENT with the index of a bad key. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_get_many(cairn_cache_space* space,
                                                              const char* const* keys,
                                                              const size_t* key_bytes, size_t count,
                                                              cairn_cache_value** values_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The bytes of a value, of which a NUL follows. size_out may be NULL.
 * Returns: borrowed until the value is released; "" for NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_cache_value_data(const cairn_cache_value* value,
                                                size_t* size_out) CAIRN_NOEXCEPT;

/** 1 when the value says that there is nothing, else 0. Threads: any. Since 0.1. */
CAIRN_EXPORT int32_t cairn_cache_value_is_negative(const cairn_cache_value* value) CAIRN_NOEXCEPT;

/** Releases a value, in any thread. NULL is a no-op. Since 0.1. */
CAIRN_EXPORT void cairn_cache_value_release(cairn_cache_value* value) CAIRN_NOEXCEPT;

/**
 * Stores a value, in the place of an older one. Key: at most 1 MiB, value: at most 1 GiB.
 * options: NULL = defaults.
 * Errors: CAIRN_INVALID_ARGUMENT; CAIRN_RESOURCE_EXHAUSTED when it is not stored, being larger than
 * half of the cache or than its quota, or as values in use leave no room; the key then has no
 * value. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_set(cairn_cache_space* space, const char* key,
                                                         size_t key_bytes, const char* value,
                                                         size_t value_bytes,
                                                         const cairn_cache_set_options* options,
                                                         cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Stores many values, each as cairn_cache_set does; tiers get them in one call. What can be stored
 * is stored, whatever happens to the others.
 * keys, values: `count` of each. options: for all; NULL = defaults.
 * Errors: as cairn_cache_set, with the index of the first value concerned; CAIRN_INVALID_ARGUMENT
 * before anything is stored. Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_cache_set_many(cairn_cache_space* space, const char* const* keys, const size_t* key_bytes,
                     const char* const* values, const size_t* value_bytes, size_t count,
                     const cairn_cache_set_options* options, cairn_error** err) CAIRN_NOEXCEPT;

/** Removes a key. Errors: CAIRN_NOT_FOUND, without an error object. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_delete(cairn_cache_space* space,
                                                            const char* key, size_t key_bytes,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Removes all keys that begin with the prefix; an empty one clears the namespace.
 * count_out: how many there were; may be NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_cache_delete_prefix(cairn_cache_space* space, const char* prefix, size_t prefix_bytes,
                          uint64_t* count_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Makes all that is in the namespace invalid, in constant time, and also what is being loaded now.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_bump(cairn_cache_space* space,
                                                          cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The value of a key, loaded if need be: one load of a key at a time, however many ask for it.
 * The others wait for it, and get its value or its failure. A value that was set or deleted while
 * it was being loaded is given to those who wait, and not kept.
 * load_fn: see there; user_data is passed on, and freed by load_free (may be NULL) once the call is
 * over, also when it fails. options: NULL = defaults. value_out: as in cairn_cache_get.
 * Errors: CAIRN_ABORTED (the loader failed), CAIRN_TIMED_OUT (options), CAIRN_UNAVAILABLE (the last
 * loads of the key did not come back), CAIRN_FAILED_PRECONDITION (a loader asks for its own key).
 * Threads: any. May block. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_load(
    cairn_cache_space* space, const char* key, size_t key_bytes, cairn_cache_load_fn load_fn,
    void* load_user_data, cairn_free_fn load_free, const cairn_cache_load_options* options,
    cairn_cache_value** value_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * In a loader: its value, copied. negative: 1 = there is nothing, which is remembered.
 * ttl_ns: 0 = as the options of the load say.
 * Errors: CAIRN_INVALID_ARGUMENT. Threads: the loader's. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_loaded_set(cairn_cache_loaded* loaded,
                                                                const char* value,
                                                                size_t value_bytes,
                                                                uint32_t negative, int64_t ttl_ns,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Gives back the memory of what has expired, for hosts with time to spare; writes do it bit by bit.
 * max_count: entries to look at. more_out: 1 when there are more; may be NULL.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_maintain(cairn_cache* cache, size_t max_count,
                                                              uint32_t* more_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Removes everything. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_clear(cairn_cache* cache,
                                                           cairn_error** err) CAIRN_NOEXCEPT;

/** Statistics of all namespaces. Fills at most stats_inout->struct_size bytes. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_stats_get(const cairn_cache* cache,
                                                               cairn_cache_stats* stats_inout,
                                                               cairn_error** err) CAIRN_NOEXCEPT;

/** Statistics of one namespace. Fills at most stats_inout->struct_size bytes. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_cache_space_stats_get(const cairn_cache_space* space, cairn_cache_stats* stats_inout,
                            cairn_error** err) CAIRN_NOEXCEPT;

/** How many tiers stand behind the memory; 0 for NULL. Threads: any. Since 0.2. */
CAIRN_EXPORT size_t cairn_cache_tier_count(const cairn_cache* cache) CAIRN_NOEXCEPT;

/**
 * Statistics of one tier. tier: from 0, the fastest. Fills at most stats_inout->struct_size bytes.
 * Errors: CAIRN_INVALID_ARGUMENT. Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_cache_tier_stats_get(const cairn_cache* cache, size_t tier,
                           cairn_cache_tier_stats* stats_inout, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The last failure of a tier, in words; empty when there was none.
 * text_out: release it with cairn_buffer_release.
 * Errors: CAIRN_INVALID_ARGUMENT. Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_tier_failure(const cairn_cache* cache,
                                                                  size_t tier,
                                                                  cairn_buffer** text_out,
                                                                  cairn_error** err) CAIRN_NOEXCEPT;

/** Waits until the tiers have what was written behind. May block. Threads: any. Since 0.2. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_cache_flush(cairn_cache* cache,
                                                           cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_CACHE_H_ */
