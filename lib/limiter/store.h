#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "limiter/decision.h"
#include "limiter/policy.h"

namespace cairn::limiter {

/// One request to a shared store.
struct StoreCall {
  const Policy* policy = nullptr;  ///< valid; may have other limits than at the call before
  std::string_view key;            ///< any bytes
  uint64_t cost = 1;               ///< at least 1 and, for each rule, at most its capacity
  bool peek = false;  ///< would it pass? Charges nothing; `remaining` is what there is now
};

/// Limits that several processes share, kept somewhere else, with that place's clock.
///
/// One call decides all rules of a policy, all or nothing: a refused request consumes nothing. Of a
/// Decision the store fills outcome (allowed or refused), rule_index, limit, remaining,
/// reset_after_ns, retry_after_ns and permit; times are durations. Concurrency rules count calls,
/// not cost; a policy has at most one of them.
///
/// A call returns within timeout_ns, with a failure when there is no answer by then; what happens
/// to the request then is not the store's to decide: see SharedLimiter. It must not be sent twice
/// when the first sending may have been counted.
///
/// Thread safety: thread-safe. Ownership: borrows its arguments for the call.
class Store {
 public:
  virtual ~Store() = default;

  virtual Result<Decision> Decide(const StoreCall& call, int64_t timeout_ns) = 0;

  /// The same for several calls that need not be atomic with each other, in one round trip where
  /// the store can. decisions_out has the length of calls. On failure none of them is told; what
  /// the store has charged stays charged.
  virtual Status DecideMany(std::span<const StoreCall> calls, std::span<Decision> decisions_out,
                            int64_t timeout_ns) {
    for (size_t i = 0; i < calls.size(); ++i) {
      CAIRN_ASSIGN_OR_RETURN(decisions_out[i], Decide(calls[i], timeout_ns));
    }
    return OkStatus();
  }

  /// Takes back `cost` units of a request that was allowed but not carried out, never to more than
  /// the full allowance. Concurrency rules are left alone.
  virtual Status Refund(const Policy& policy, std::string_view key, uint64_t cost,
                        int64_t timeout_ns) = 0;

  /// Gives a concurrency permit back; OK as well when its lease has ended.
  virtual Status Release(const Policy& policy, std::string_view key, uint64_t permit,
                         int64_t timeout_ns) = 0;

  /// Forgets a key.
  virtual Status Reset(const Policy& policy, std::string_view key, int64_t timeout_ns) = 0;
};

/// What a request gets while the shared store does not answer.
enum class OnTrouble : uint8_t {
  kLocal = 0,   ///< the process's own limiter decides meanwhile
  kOpen = 1,    ///< allowed
  kClosed = 2,  ///< refused
};

}  // namespace cairn::limiter
