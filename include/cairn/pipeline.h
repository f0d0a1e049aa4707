/* SPDX-License-Identifier: Apache-2.0 */
/* A bulkhead, and a pipeline of limiter, timeout, retry, bulkhead and breaker around calls. */
#ifndef CAIRN_PIPELINE_H_
#define CAIRN_PIPELINE_H_

#include <cairn/breaker.h>
#include <cairn/retry.h>

/* Bounds how many calls run at once. Thread-safe. Reference-counted. */
typedef struct cairn_bulkhead cairn_bulkhead;

/* Makes calls through several parts. Thread-safe. Reference-counted; keeps its parts. */
typedef struct cairn_pipeline cairn_pipeline;

/* Zero in every field is the default. */
typedef struct cairn_bulkhead_options {
  uint32_t struct_size; /* sizeof(cairn_bulkhead_options) */
  uint32_t max_running; /* calls at the same time; 0 = 25 */
  uint32_t max_waiting; /* calls that wait for a place, in the order they came; more are refused */
  uint32_t reserved;    /* 0 */
  int64_t max_wait_ns;  /* longest wait; 0: until the call's own time is over */
  const char* name;     /* told in messages and metrics; borrowed for the call */
  size_t name_bytes;
  cairn_metrics* metrics; /* where it reports; NULL: nowhere */
} cairn_bulkhead_options;

/**
 * Asks a rate limiter for one call. Returns CAIRN_OK to admit it, else the code that the call then
 * fails with. Called in the thread of the call.
 */
typedef cairn_status (*cairn_admit_fn)(void* user_data);

/* The parts, from the outside to the inside; NULL or 0 leaves one out. */
typedef struct cairn_pipeline_options {
  uint32_t struct_size;    /* sizeof(cairn_pipeline_options) */
  uint32_t reserved;       /* 0 */
  cairn_admit_fn admit_fn; /* asked once for each call */
  void* admit_user_data;
  cairn_free_fn admit_free; /* may be NULL; runs when the pipeline goes, also when create fails */
  int64_t timeout_ns;       /* for a call, its attempts and waits together */
  cairn_retry* retry;
  cairn_bulkhead* bulkhead; /* around each attempt: a wait between attempts holds no place */
  cairn_breaker* breaker;   /* around each attempt */
  const char* name;         /* told in messages; borrowed for the call */
  size_t name_bytes;
} cairn_pipeline_options;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_bulkhead_options_init(cairn_bulkhead_options* options,
                                              uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a bulkhead. options: NULL for the defaults. bulkhead_out: a new reference.
 * Errors: CAIRN_INVALID_ARGUMENT. Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_bulkhead_create(const cairn_bulkhead_options* options, cairn_bulkhead** bulkhead_out,
                      cairn_error** err) CAIRN_NOEXCEPT;

/** Drops a reference; pipelines keep theirs. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_bulkhead_release(cairn_bulkhead* bulkhead) CAIRN_NOEXCEPT;

/**
 * Takes a place, and waits for one where that is allowed. After CAIRN_OK, cairn_bulkhead_leave must
 * follow. timeout_ns: longest wait; negative: as long as the options allow.
 * Errors: CAIRN_RESOURCE_EXHAUSTED (too many are waiting), CAIRN_TIMED_OUT.
 * Threads: any. May block. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_bulkhead_enter(cairn_bulkhead* bulkhead,
                                                              int64_t timeout_ns,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Gives a place back, once for each that was taken. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_bulkhead_leave(cairn_bulkhead* bulkhead) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_pipeline_options_init(cairn_pipeline_options* options,
                                              uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a pipeline. pipeline_out: a new reference.
 * Errors: CAIRN_INVALID_ARGUMENT, also when there is no part in it. Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_pipeline_create(const cairn_pipeline_options* options, cairn_pipeline** pipeline_out,
                      cairn_error** err) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_pipeline_release(cairn_pipeline* pipeline) CAIRN_NOEXCEPT;

/**
 * Makes one call through all parts. What the limiter, the bulkhead or the breaker refuses is not
 * tried again.
 * timeout_ns: for this call, if less than that of the options; negative: no limit. user_data,
 * free_fn: free_fn may be NULL, and runs before this returns.
 * Returns: what the last attempt returned, or the code of the part that refused the call.
 * Threads: any. Blocks. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_pipeline_run(cairn_pipeline* pipeline,
                                                            int64_t timeout_ns,
                                                            cairn_attempt_fn attempt_fn,
                                                            void* user_data, cairn_free_fn free_fn,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_PIPELINE_H_ */
