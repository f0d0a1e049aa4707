/* SPDX-License-Identifier: Apache-2.0 */
/* Retry: repeats calls that failed in a way that may pass. */
#ifndef CAIRN_RETRY_H_
#define CAIRN_RETRY_H_

#include <cairn/metrics.h>

/* How to repeat calls of one kind. Thread-safe. Reference-counted. */
typedef struct cairn_retry cairn_retry;

/* Retries that all callers of one target may make together. Thread-safe. Reference-counted. */
typedef struct cairn_retry_budget cairn_retry_budget;

#define CAIRN_JITTER_FULL 0         /* a wait is anything from 0 to base * 2^n */
#define CAIRN_JITTER_DECORRELATED 1 /* anything from base to three times the wait before */
#define CAIRN_JITTER_NONE 2         /* base * 2^n */

/* How to repeat. Zero in every field is the default. */
typedef struct cairn_retry_options {
  uint32_t struct_size;       /* sizeof(cairn_retry_options) */
  uint32_t max_attempts;      /* the first included; 0 = 3 */
  int64_t base_ns;            /* the first wait, before jitter; 0 = 100 ms; < 0: no wait */
  int64_t cap_ns;             /* longest wait but for the server's; 0 = 10 s, or base_ns if more */
  int64_t max_retry_after_ns; /* longest wait that a server can ask for; 0 = 60 s; < 0: none */
  uint64_t retryable_mask;    /* CAIRN_STATUS_BIT of codes; 0 = unavailable, timed out, aborted,
                                 rate limited, locked */
  int32_t jitter;             /* CAIRN_JITTER_* */
  uint32_t reserved;          /* 0 */
  const char* name;           /* told in messages and metrics; borrowed for the call */
  size_t name_bytes;
  cairn_retry_budget* budget; /* NULL: no bound beyond max_attempts */
  cairn_metrics* metrics;     /* where it reports; NULL: nowhere */
} cairn_retry_options;

/* One attempt. */
typedef struct cairn_attempt {
  uint32_t number;        /* from 1 */
  uint32_t is_final;      /* set it to 1 when another attempt makes no sense, whatever the code */
  int64_t left_ns;        /* time left for the whole call; INT64_MAX: no deadline */
  int64_t retry_after_ns; /* set it to what a server asks for */
} cairn_attempt;

/**
 * Makes one attempt; returns how it went. Called in the thread that runs the retry.
 */
typedef cairn_status (*cairn_attempt_fn)(cairn_attempt* attempt, void* user_data);

/* What is known of one call between its attempts. Begins with zeros. */
typedef struct cairn_retry_state {
  uint32_t attempts;
  uint32_t reserved;
  int64_t last_wait_ns;
} cairn_retry_state;

CAIRN_BEGIN_DECLS

/**
 * Makes a budget: each call that succeeds adds retries_per_call, time adds retries_per_sec, each
 * retry takes 1; at most max_retries are saved up, which is also what there is at first.
 * Errors: CAIRN_INVALID_ARGUMENT for negative numbers, and max_retries below 1.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_retry_budget_create(double retries_per_call, double retries_per_sec, double max_retries,
                          cairn_retry_budget** budget_out, cairn_error** err) CAIRN_NOEXCEPT;

/** Drops a reference; retries keep theirs. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_retry_budget_release(cairn_retry_budget* budget) CAIRN_NOEXCEPT;

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_retry_options_init(cairn_retry_options* options,
                                           uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a retry. options: NULL for the defaults. retry_out: a new reference.
 * Errors: CAIRN_INVALID_ARGUMENT, with everything that is wrong in one message.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_retry_create(const cairn_retry_options* options,
                                                            cairn_retry** retry_out,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.2. */
CAIRN_EXPORT cairn_retry* cairn_retry_retain(cairn_retry* retry) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_retry_release(cairn_retry* retry) CAIRN_NOEXCEPT;

/**
 * Makes attempts until one succeeds or there shall be no more. Only for calls that may be made
 * twice, and only at one layer: retries of retries multiply.
 * timeout_ns: for all attempts and waits together; negative: no limit. user_data, free_fn: free_fn
 * may be NULL, and runs before this returns.
 * Returns: what the last attempt returned; CAIRN_TIMED_OUT, without an attempt, for a timeout of 0.
 * Threads: any. Blocks. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_retry_run(cairn_retry* retry, int64_t timeout_ns,
                                                         cairn_attempt_fn attempt_fn,
                                                         void* user_data, cairn_free_fn free_fn,
                                                         cairn_error** err) CAIRN_NOEXCEPT;

/**
 * For those who wait by other means: whether to make another attempt after one that failed.
 * state_inout: zeros at first; counts the attempts. status: how it failed. retry_after_ns: what the
 * server asked for, or 0. left_ns: time left for the call; negative: no limit. wait_ns_out: how
 * long to wait before the next attempt. Returns: 1 for another attempt, which is taken from the
 * budget; 0 for none. Threads: any; one state is used by one thread at a time. Since 0.2.
 */
CAIRN_EXPORT int32_t cairn_retry_next(cairn_retry* retry, cairn_retry_state* state_inout,
                                      cairn_status status, int64_t retry_after_ns, int64_t left_ns,
                                      int64_t* wait_ns_out) CAIRN_NOEXCEPT;

/** Goes with cairn_retry_next, after an attempt that succeeded. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_retry_succeeded(cairn_retry* retry) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_RETRY_H_ */
