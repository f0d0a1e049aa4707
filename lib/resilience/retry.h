#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "resilience/deadline.h"
#include "resilience/function_ref.h"
#include "resilience/random.h"
#include "resilience/retry_budget.h"
#include "resilience/sleeper.h"
#include "resilience/status_mask.h"
#include "resilience/striped_count.h"

namespace cairn::resilience {

/// How the waits between attempts are spread, so that callers do not come back in step.
/// (Brooker: Exponential Backoff and Jitter, AWS Architecture Blog, 2015.)
enum class Jitter : int32_t {
  kFull = 0,          ///< anything from 0 to base * 2^n
  kDecorrelated = 1,  ///< anything from base to three times the wait before
  kNone = 2,          ///< base * 2^n
};

struct RetryOptions {
  std::string name;                             ///< told in messages and metrics
  uint32_t max_attempts = 3;                    ///< the first included
  int64_t base_ns = 100'000'000;                ///< the first wait, before jitter
  int64_t cap_ns = 10'000'000'000;              ///< no wait is longer, but for the server's
  int64_t max_retry_after_ns = 60'000'000'000;  ///< longest wait that a server can ask for
  Jitter jitter = Jitter::kFull;
  StatusMask retryable = kWorthRetrying;  ///< codes after which another attempt is made

  /// invalid_argument, listing all that is wrong.
  Status Check() const;
};

/// Why a failed attempt was the last.
enum class RetryEnd : uint8_t {
  kRetry = 0,         ///< it was not
  kNotRetryable = 1,  ///< the code is not one after which another attempt makes sense
  kAttempts = 2,      ///< all attempts are used up
  kDeadline = 3,      ///< the wait would pass the deadline
  kBudget = 4,        ///< the target's budget of retries is used up
};

/// What is known of one call between its attempts. Starts as {}.
struct RetryState {
  uint32_t attempts = 0;  ///< made so far
  int64_t last_wait_ns = 0;
};

struct RetryDecision {
  RetryEnd end = RetryEnd::kRetry;
  int64_t wait_ns = 0;  ///< kRetry: how long to wait before the next attempt
};

/// One attempt, as the function that makes it sees it.
struct Attempt {
  uint32_t number = 1;
  Deadline deadline;  ///< of the whole call
  /// To be set where a server says when to come back; 0: it does not.
  int64_t retry_after_ns = 0;
  /// To be set where another attempt makes no sense, whatever the code.
  bool final = false;
};

struct RetryStats {
  uint64_t calls = 0;     ///< that ended, well or not
  uint64_t retries = 0;   ///< attempts after the first
  uint64_t failures = 0;  ///< calls that ended badly
  uint64_t out_of_attempts = 0;
  uint64_t out_of_time = 0;
  uint64_t out_of_budget = 0;
};

/// Repeats calls that failed in a way that may pass.
///
/// Only for calls that may be made twice, and only at one layer: retries of retries multiply.
///
/// Thread safety: thread-safe; one object serves all calls of a kind. Ownership: the clock, the
/// sleeper and the random source outlive it; the budget is shared by all that call one target.
class Retry {
 public:
  static Result<std::unique_ptr<Retry>> Create(RetryOptions options,
                                               std::shared_ptr<RetryBudget> budget = nullptr,
                                               const Clock* clock = Clock::System(),
                                               Sleeper* sleeper = Sleeper::System(),
                                               Random* random = Random::System());

  /// Makes attempts until one succeeds or there shall be no more; then returns the last one's
  /// status, with the number of attempts where there were several. timed_out, without an attempt,
  /// when the deadline has passed already. Allocates nothing as long as the attempt does not fail.
  template <typename F>
  Status Run(Deadline deadline, F&& attempt) {
    int64_t now_ns = deadline.is_never() ? 0 : clock_->MonotonicNs();
    return RunFrom(now_ns, deadline, std::forward<F>(attempt));
  }

  /// The same by a caller who has just read the clock.
  template <typename F>
  Status RunFrom(int64_t now_ns, Deadline deadline, F&& attempt) {
    if (deadline.Passed(now_ns)) return TooLate();
    Attempt first{1, deadline};
    Status status = attempt(first);
    if (status.ok()) {
      Succeeded();
      return status;
    }
    return RunOn(first, std::move(status), attempt);
  }

  /// For those who wait by other means. After an attempt that failed: whether to make another, and
  /// when. `state` counts it. A retry that is granted is taken from the budget at once.
  RetryDecision Next(RetryState* state, Code code, int64_t retry_after_ns, Deadline deadline);

  /// After an attempt that succeeded, with Next.
  void Succeeded() {
    succeeded_.Add();
    if (budget_ != nullptr) budget_->Deposit();
  }

  RetryStats Stats() const;
  const RetryOptions& options() const { return options_; }

 private:
  Retry(RetryOptions options, std::shared_ptr<RetryBudget> budget, const Clock* clock,
        Sleeper* sleeper, Random* random);

  Status TooLate() const;
  Status RunOn(Attempt attempt, Status status, FunctionRef<Status(Attempt&)> make);
  RetryEnd Decide(RetryState* state, Code code, int64_t retry_after_ns, Deadline deadline,
                  int64_t* wait_ns);
  int64_t Backoff(const RetryState& state);
  void CountEnd(RetryEnd end);

  const RetryOptions options_;
  const std::shared_ptr<RetryBudget> budget_;
  const Clock* const clock_;
  Sleeper* const sleeper_;
  Random* const random_;

  StripedCount succeeded_;
  std::atomic<uint64_t> retries_{0};  // these: relaxed statistics
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> out_of_attempts_{0};
  std::atomic<uint64_t> out_of_time_{0};
  std::atomic<uint64_t> out_of_budget_{0};
};

}  // namespace cairn::resilience
