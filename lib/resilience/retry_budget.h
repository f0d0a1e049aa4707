#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/status.h"

namespace cairn::resilience {

/// How many retries all callers of one target may make together, so that a target in trouble is not
/// drowned in them.
struct RetryBudgetOptions {
  double retries_per_call = 0.2;  ///< what each call that succeeds adds
  double retries_per_sec = 10;    ///< what time adds, so that rare calls may be retried too
  double max_retries = 100;       ///< most that can be saved up; also what there is at first

  /// invalid_argument, listing all that is wrong.
  Status Check() const;
};

/// A bucket of retries: successes and time fill it, each retry takes one out before it waits, so
/// that those who wait are counted. Kept in thousandths. (Finagle's RetryBudget.)
///
/// Thread safety: thread-safe, lock-free.
class RetryBudget {
 public:
  static Result<std::unique_ptr<RetryBudget>> Create(RetryBudgetOptions options);

  /// A call succeeded.
  void Deposit() {
    int64_t seen = milli_.load(std::memory_order_relaxed);
    if (seen < max_milli_) Add(per_call_milli_);
  }

  /// Takes one retry out; false when there is none.
  bool Withdraw(int64_t now_ns);

  /// Retries left, as of the last Withdraw.
  double balance() const {
    return static_cast<double>(milli_.load(std::memory_order_relaxed)) / 1000;
  }

 private:
  explicit RetryBudget(const RetryBudgetOptions& options);
  void Add(int64_t milli);
  void Refill(int64_t now_ns);

  const int64_t per_call_milli_;
  const int64_t ns_per_milli_;  // 0: time adds nothing
  const int64_t max_milli_;
  std::atomic<int64_t> milli_;  // relaxed: a number that stands for itself
  std::atomic<int64_t> refilled_ns_{INT64_MIN};
};

}  // namespace cairn::resilience
