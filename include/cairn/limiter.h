/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits: named policies, any number of keys, exact under threads, bounded in memory. */
#ifndef CAIRN_LIMITER_H_
#define CAIRN_LIMITER_H_

#include <cairn/buffer.h>

/* Policies and what is known of their keys. Needs no database. Thread-safe, reference-counted. */
typedef struct cairn_limiter cairn_limiter;

#define CAIRN_OUTCOME_ALLOWED 0
#define CAIRN_OUTCOME_REFUSED 1    /* not yet: see retry_after_ns */
#define CAIRN_OUTCOME_IMPOSSIBLE 2 /* costs more than the limit ever holds: waiting is no help */

/*
 * The answer about one request. Set struct_size before the call. The numbers are those of one rule:
 * of an allowed request the rule with the smallest share left, of a refused one the rule that it
 * must wait for longest.
 */
typedef struct cairn_decision {
  uint32_t struct_size;
  int32_t outcome;        /* CAIRN_OUTCOME_* */
  uint64_t limit;         /* what the rule holds when nothing is used */
  uint64_t remaining;     /* what would pass now, after this request */
  int64_t reset_after_ns; /* until the rule is at its limit again if nothing more comes */
  int64_t retry_after_ns; /* 0 unless refused; then at least 1 */
  uint64_t permit;        /* concurrency: for cairn_limiter_release_permit; 0 = none */
  const char* rule;       /* its name; lives as long as the limiter */
  size_t rule_bytes;
  uint32_t overflowed; /* 1: the byte budget had no room for the key, see cairn_limiter_create */
  uint32_t degraded;   /* 1: decided without the shared store */
} cairn_decision;

/* Counts of a policy. Set struct_size before the call. */
typedef struct cairn_limiter_stats {
  uint32_t struct_size;
  uint32_t rule_count;
  uint64_t allowed_count;
  uint64_t refused_count;
  uint64_t impossible_count;
  uint64_t overflowed_count;
  uint64_t degraded_count;
  uint64_t memory_bytes; /* taken for keys; never more than budget_bytes */
  uint64_t budget_bytes;
} cairn_limiter_stats;

#define CAIRN_HTTP_RATELIMIT 0   /* RateLimit: "name";r=12;t=37 */
#define CAIRN_HTTP_RETRY_AFTER 1 /* Retry-After: 37; "" when nothing was refused */

CAIRN_BEGIN_DECLS

/**
 * Makes a limiter from a configuration:
 *   {"policies": {
 *      "search": {"limits": [{"limit": 60, "window": "1m"}, {"limit": 1000, "window": "1h"}]},
 *      "upload": {"algorithm": "gcra", "limit": 10, "window": "1s", "burst": 40},
 *      "workers": {"algorithm": "concurrency", "limit": 4, "window": "30s"},
 *      "report": "20/h", "browse": {"preset": "per_client"}}}
 * A policy is one limit, or "limits", all of which a request must pass: a refused one consumes
 * nothing of any. algorithm: "sliding" (default: never more than the limit in any window), "gcra"
 * (token bucket of "burst" tokens), "fixed" (windows one after the other), "concurrency" (permits,
 * each lost after "window" unless given back). window: seconds, or text with ns us ms s m h d.
 * Presets: per_client, search, heavy_report, reindex, api.
 * Beside "policies", or in one: "memory_bytes", the budget of a policy for its keys (64 MiB), and
 * "overflow", what becomes of a key without room in it: "shared" (default: such keys share an
 * allowance), "deny" or "allow". A key that is not back at its full allowance is never forgotten.
 * "redis" beside "policies" shares the limits with all processes that name the same server, prefix
 * and policies: {"url": "redis://user:password@host:6379/0" (or "host" and "port"), "prefix":
 * "cairn:", "deadline_ms": 20, "connections": 8, "outage": what a request gets while Redis does not
 * answer within the deadline: "local" (default: this process's own limits decide), "fail_open" or
 * "fail_closed"; "spread": true (default: false) when the server is a proxy that spreads keys over
 * several, so that a call must not have keys of two requests; a cluster is found out by itself}.
 * Decisions without Redis are marked as degraded. Nothing is connected here, and calls then block
 * for up to the deadline and go by the server's clock: now_ns is ignored. Requests of threads that
 * ask at the same time travel together.
 * limiter_out: release it with cairn_limiter_release.
 * Errors: CAIRN_INVALID_ARGUMENT with every fault at once, CAIRN_UNSUPPORTED ("redis" in a build
 * without it). Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_create(const char* config_json,
                                                              size_t config_json_bytes,
                                                              cairn_limiter** limiter_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference. Returns: limiter. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT cairn_limiter* cairn_limiter_retain(cairn_limiter* limiter) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_limiter_release(cairn_limiter* limiter) CAIRN_NOEXCEPT;

/**
 * Number of the policy with this name, for the calls below; it never changes.
 * Errors: CAIRN_NOT_FOUND, naming those there are. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_policy(const cairn_limiter* limiter,
                                                              const char* name, size_t name_bytes,
                                                              uint32_t* policy_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Names of all policies, in the order of their numbers.
 * names_out: release it with cairn_list_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_policy_names(
    const cairn_limiter* limiter, cairn_list** names_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Adds a policy, or changes the one with that name: keys keep what they have used where the rule in
 * the same place has the same algorithm. Each change keeps some kilobytes until the release.
 * policy_json: as a policy in cairn_limiter_create. policy_out: its number; may be NULL.
 * Errors: CAIRN_INVALID_ARGUMENT, CAIRN_RESOURCE_EXHAUSTED (the keys in use need more memory than
 * it should have); the policy then stays as it was. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_set_policy(
    cairn_limiter* limiter, const char* name, size_t name_bytes, const char* policy_json,
    size_t policy_json_bytes, uint32_t* policy_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Lets a request of a key pass or not, and charges it when it passes.
 * key: any bytes. cost: units; 0 = 1. now_ns: 0 = the limiter reads its clock; else the caller's
 * time, above 0, from one clock for all calls on a policy. Steps of the clock grant nothing.
 * decision_inout: filled whenever the code is one of the first three; may be NULL.
 * Returns: CAIRN_OK = allowed, CAIRN_RATE_LIMITED = refused, CAIRN_OUT_OF_RANGE = the cost is above
 * what the limit ever holds; none of them makes an error object. Errors: CAIRN_INVALID_ARGUMENT.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_check(
    cairn_limiter* limiter, uint32_t policy, const char* key, size_t key_bytes, uint64_t cost,
    int64_t now_ns, cairn_decision* decision_inout, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * What cairn_limiter_check would say, with the numbers as they are; charges nothing.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_peek(cairn_limiter* limiter, uint32_t policy,
                                                            const char* key, size_t key_bytes,
                                                            uint64_t cost, int64_t now_ns,
                                                            cairn_decision* decision_inout,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/**
 * cairn_limiter_check that waits at most max_wait_ns for the request to pass; refuses at once when
 * waiting so long would not help. Callers of one process that wait for a key are served in the
 * order in which they came; those that do not wait do not stand in line. Threads: any. Blocks.
 * Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_acquire(
    cairn_limiter* limiter, uint32_t policy, const char* key, size_t key_bytes, uint64_t cost,
    int64_t max_wait_ns, cairn_decision* decision_inout, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * cairn_limiter_check for several keys at one time, cheaper than one by one.
 * keys, key_bytes: count of each. costs: count, or NULL = 1 each. decisions_inout: count structs,
 * each with its struct_size set; their outcome says what became of each key.
 * Errors: CAIRN_INVALID_ARGUMENT with the index of a bad key; nothing is charged then.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_check_many(
    cairn_limiter* limiter, uint32_t policy, const char* const* keys, const size_t* key_bytes,
    const uint64_t* costs, size_t count, int64_t now_ns, cairn_decision* decisions_inout,
    cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Takes back what an allowed request was charged, never to more than the limit. Permits are not
 * given back by it. With Redis: where decisions are made now; this, release_permit and reset tell
 * with CAIRN_UNAVAILABLE or CAIRN_TIMED_OUT that it does not answer. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_refund(cairn_limiter* limiter,
                                                              uint32_t policy, const char* key,
                                                              size_t key_bytes, uint64_t cost,
                                                              int64_t now_ns,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Gives a permit back, once. Does nothing when its lease has ended. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_release_permit(
    cairn_limiter* limiter, uint32_t policy, const char* key, size_t key_bytes, uint64_t permit,
    int64_t now_ns, cairn_error** err) CAIRN_NOEXCEPT;

/** Forgets a key. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_reset(cairn_limiter* limiter,
                                                             uint32_t policy, const char* key,
                                                             size_t key_bytes,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Forgets all keys of a policy. Errors: CAIRN_UNSUPPORTED when they are shared in Redis.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_reset_all(cairn_limiter* limiter,
                                                                 uint32_t policy,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Gives back memory of keys that are at their full allowance. Nobody needs to call it: their room
 * is reused. live_out: number of the other keys; may be NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_cleanup(cairn_limiter* limiter,
                                                               uint32_t policy, int64_t now_ns,
                                                               uint64_t* live_out,
                                                               cairn_error** err) CAIRN_NOEXCEPT;

/** Counts of a policy. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_stats_get(const cairn_limiter* limiter,
                                                                 uint32_t policy,
                                                                 cairn_limiter_stats* stats_inout,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Counts of all policies in the Prometheus text format.
 * metrics_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_limiter_metrics(const cairn_limiter* limiter,
                                                               cairn_buffer** metrics_out,
                                                               cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Value of the HTTP field RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10) for a policy.
 * field_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_limiter_http_policy(const cairn_limiter* limiter, uint32_t policy, cairn_buffer** field_out,
                          cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Value of an HTTP field for a decision; seconds are rounded up.
 * field: CAIRN_HTTP_*. field_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_decision_http(const cairn_decision* decision,
                                                             int32_t field,
                                                             cairn_buffer** field_out,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The network that an address belongs to, as bytes for a key: an IPv6 client owns a whole /64.
 * IPv4 written as IPv6 is IPv4. ipv4_bits: 1 to 32, 0 = 32. ipv6_bits: 1 to 128, 0 = 64.
 * key_out: release it with cairn_buffer_release. Errors: CAIRN_INVALID_ARGUMENT.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_ip_prefix(const char* address, size_t address_bytes,
                                                         uint32_t ipv4_bits, uint32_t ipv6_bits,
                                                         cairn_buffer** key_out,
                                                         cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_LIMITER_H_ */
