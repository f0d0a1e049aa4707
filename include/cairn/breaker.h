/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit breaker: stops calls to a target that fails, and tries it again after a while. */
#ifndef CAIRN_BREAKER_H_
#define CAIRN_BREAKER_H_

#include <cairn/metrics.h>

/* A circuit breaker, one for each target. Thread-safe. Reference-counted. */
typedef struct cairn_breaker cairn_breaker;

#define CAIRN_BREAKER_CLOSED 0        /* calls pass and are watched */
#define CAIRN_BREAKER_OPEN 1          /* calls are refused */
#define CAIRN_BREAKER_HALF_OPEN 2     /* a few trials pass */
#define CAIRN_BREAKER_FORCED_OPEN 3   /* refuses everything until told otherwise */
#define CAIRN_BREAKER_FORCED_CLOSED 4 /* lets everything pass, counts results, never opens */
#define CAIRN_BREAKER_DISABLED 5      /* lets everything pass and looks at nothing */

#define CAIRN_WINDOW_CALLS 0 /* rates are taken over the last window_calls results */
#define CAIRN_WINDOW_TIME 1  /* rates are taken over about the last window_ns */

/* As consecutive_failures: there is no such rule. */
#define CAIRN_BREAKER_OFF UINT32_MAX

/* As a time: the library reads its own monotonic clock. */
#define CAIRN_NOW INT64_MIN

/* The bit of a status code in a mask. Codes from 63 on, and negative ones, share the last bit. */
#define CAIRN_STATUS_BIT(status) (UINT64_C(1) << ((status) < 0 || (status) > 63 ? 63 : (status)))

/* When a breaker opens, and for how long. Zero in every field is the default. */
typedef struct cairn_breaker_options {
  uint32_t struct_size;          /* sizeof(cairn_breaker_options) */
  uint32_t consecutive_failures; /* so many in a row open it; 0 = 5; CAIRN_BREAKER_OFF */
  double failure_rate;           /* this share of failures opens it; 0: no such rule */
  double slow_rate;              /* this share of slow calls opens it; 0: no such rule */
  int64_t slow_call_ns;          /* a call that takes longer is slow */
  int32_t window;                /* CAIRN_WINDOW_*; default calls */
  uint32_t window_calls;         /* 0 = 100 */
  int64_t window_ns;             /* 0 = 10 s */
  uint32_t minimum_calls;        /* no rate is taken of fewer; 0 = 20, or all of a smaller window */
  uint32_t half_open_trials;     /* calls let through, all of which must succeed; 0 = 3 */
  int64_t open_ns;               /* how long it stays open the first time; 0 = 60 s */
  int64_t max_open_ns;           /* longest, before jitter; 0 = 600 s, or open_ns if that is more */
  double open_growth;            /* factor each time the trials fail; 0 = 2; 1: always the same */
  double open_jitter;            /* longer by a random share of up to this; 0 = 0.1; < 0: none */
  int64_t trial_lease_ns;        /* a trial without a result frees its place then; 0 = 30 s */
  int64_t half_open_ns;          /* longest wait for trials that are lost; 0 = four leases */
  uint64_t failure_mask;         /* CAIRN_STATUS_BIT of codes that are failures; 0 = see below */
  uint64_t ignore_mask;          /* of codes that count as nothing; 0 = cancelled, rate limited */
  const char* name;              /* told in messages and metrics; borrowed for the call */
  size_t name_bytes;
  cairn_metrics* metrics; /* where it reports; NULL: nowhere */
} cairn_breaker_options;

/*
 * Failures by default: unknown, timed out, resource exhausted, internal, unavailable, data loss,
 * I/O error, and codes of later versions. Codes that are neither failures nor ignored are
 * successes: they are answers, or the caller's own mistakes.
 */

/* Leave to make one call. */
typedef struct cairn_breaker_permit {
  uint32_t generation;
  uint32_t trial;
  int64_t start_ns;
} cairn_breaker_permit;

/* What a breaker has seen. Set struct_size before the call. */
typedef struct cairn_breaker_stats {
  uint32_t struct_size;
  int32_t state;
  uint64_t success_count;
  uint64_t failure_count;
  uint64_t slow_count; /* among these */
  uint64_t ignored_count;
  uint64_t refused_count;
  uint64_t late_count;       /* results of an earlier generation, dropped */
  uint64_t lost_trial_count; /* trials whose lease ran out */
  uint64_t opened_count;
  uint64_t window_call_count; /* in the window now */
  uint64_t window_failure_count;
  uint64_t window_slow_count;
} cairn_breaker_stats;

/**
 * Told after every change of state: in order, one at a time, under no lock, in the thread that made
 * the change or in one that made another just before. May call the breaker, but not release it.
 * `generation` grows by one with each change; `reason` is NUL-terminated.
 */
typedef void (*cairn_breaker_listener_fn)(int32_t from, int32_t to, uint32_t generation,
                                          const char* reason, void* user_data);

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_breaker_options_init(cairn_breaker_options* options,
                                             uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a breaker.
 * options: NULL for the defaults. breaker_out: a new reference.
 * Errors: CAIRN_INVALID_ARGUMENT, with everything that is wrong in one message.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_breaker_create(const cairn_breaker_options* options,
                                                              cairn_breaker** breaker_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.2. */
CAIRN_EXPORT cairn_breaker* cairn_breaker_retain(cairn_breaker* breaker) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_breaker_release(cairn_breaker* breaker) CAIRN_NOEXCEPT;

/**
 * Asks for leave to make one call. What was granted goes back through cairn_breaker_record or
 * cairn_breaker_cancel; a trial's permit that is lost frees its place when its lease runs out.
 * now_ns: the monotonic time, or CAIRN_NOW; all calls on one breaker must use the same clock.
 * permit_out: filled when granted. retry_after_ns_out: when refused, how long until it may be worth
 * asking again, -1 where nobody knows; may be NULL.
 * Returns: CAIRN_UNAVAILABLE when refused, which costs no allocation without err.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_breaker_acquire(cairn_breaker* breaker,
                                                               int64_t now_ns,
                                                               cairn_breaker_permit* permit_out,
                                                               int64_t* retry_after_ns_out,
                                                               cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Reports how the call ended. A result that comes after the state has changed is dropped.
 * status: its code; the masks of the options settle what it means. now_ns: as for acquire.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT void cairn_breaker_record(cairn_breaker* breaker, const cairn_breaker_permit* permit,
                                       cairn_status status, int64_t now_ns) CAIRN_NOEXCEPT;

/** Gives a permit back unused. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_breaker_cancel(cairn_breaker* breaker,
                                       const cairn_breaker_permit* permit) CAIRN_NOEXCEPT;

/**
 * Changes the state by hand.
 * state: CAIRN_BREAKER_FORCED_OPEN, _FORCED_CLOSED or _DISABLED, which last until the next such
 * call; or CAIRN_BREAKER_CLOSED, which starts anew with nothing remembered.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_breaker_force(cairn_breaker* breaker, int32_t state,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/** CAIRN_BREAKER_*; closed for NULL. Threads: any. Since 0.2. */
CAIRN_EXPORT int32_t cairn_breaker_state(const cairn_breaker* breaker) CAIRN_NOEXCEPT;

/**
 * Adds a listener for as long as the breaker lives.
 * user_data, free_fn: free_fn may be NULL; it runs once, also when this call fails.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_breaker_listen(cairn_breaker* breaker,
                                                              cairn_breaker_listener_fn listener_fn,
                                                              void* user_data,
                                                              cairn_free_fn free_fn,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Counts. Fills at most stats_inout->struct_size bytes. Threads: any. Since 0.2. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_breaker_stats_get(const cairn_breaker* breaker,
                                                                 cairn_breaker_stats* stats_inout,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_BREAKER_H_ */
