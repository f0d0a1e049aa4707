#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "resilience/bulkhead.h"
#include "resilience/circuit_breaker.h"
#include "resilience/deadline.h"
#include "resilience/retry.h"

namespace cairn::resilience {

/// Asks a rate limiter for one call; fills how long to wait where it refuses. OK admits. Takes the
/// time so that the clock is read once for all parts.
using LimiterHook = std::function<Status(int64_t now_ns, int64_t* retry_after_ns)>;

/// The parts of a pipeline; any may be missing.
struct PipelineParts {
  std::string name;        ///< told in messages
  LimiterHook limiter;     ///< asked once for each call
  int64_t timeout_ns = 0;  ///< each call's time, attempts and waits together; 0: no limit
  std::shared_ptr<Retry> retry;
  std::shared_ptr<Bulkhead> bulkhead;       ///< around each attempt; a wait holds no place
  std::shared_ptr<CircuitBreaker> breaker;  ///< around each attempt

  /// invalid_argument when there is nothing in it, or something wrong.
  Status Check() const;
};

/// Makes calls through several parts, from the outside to the inside: limiter, timeout, retry,
/// bulkhead, breaker. Each attempt gets the deadline of the whole call. What a part refuses is not
/// tried again: the limiter, the bulkhead and the breaker exist to keep calls away.
///
/// Allocates nothing as long as nothing fails.
///
/// Thread safety: thread-safe. Ownership: the parts are shared, so that several pipelines can be
/// about one target.
class Pipeline {
 public:
  static Result<std::unique_ptr<Pipeline>> Create(PipelineParts parts,
                                                  const Clock* clock = Clock::System());

  /// Makes the call. `attempt` takes an Attempt& and returns its Status.
  template <typename F>
  Status Run(Deadline deadline, F&& attempt) {
    return RunRef(deadline, FunctionRef<Status(Attempt&)>(attempt));
  }

  const PipelineParts& parts() const { return parts_; }

 private:
  Pipeline(PipelineParts parts, const Clock* clock) : parts_(std::move(parts)), clock_(clock) {}

  Status RunRef(Deadline deadline, FunctionRef<Status(Attempt&)> attempt);
  Status RunAttempt(Attempt& attempt, int64_t now_ns, FunctionRef<Status(Attempt&)> make);
  Status RunThroughBreaker(Attempt& attempt, int64_t now_ns, FunctionRef<Status(Attempt&)> make);

  const PipelineParts parts_;
  const Clock* const clock_;
};

}  // namespace cairn::resilience
