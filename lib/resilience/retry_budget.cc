#include "resilience/retry_budget.h"

#include <algorithm>
#include <cmath>

#include "resilience/faults.h"

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kMost = 1e9;

bool Within(double value, double low, double high) { return value >= low && value <= high; }

int64_t Milli(double value) { return std::llround(value * 1000); }

}  // namespace

Status RetryBudgetOptions::Check() const {
  Faults faults;
  faults.AddIf(!Within(retries_per_call, 0, kMost), "retries_per_call is ", retries_per_call,
               ", must be 0 to 1e9");
  faults.AddIf(!Within(retries_per_sec, 0, kMost), "retries_per_sec is ", retries_per_sec,
               ", must be 0 to 1e9");
  faults.AddIf(!Within(max_retries, 1, kMost), "max_retries is ", max_retries,
               ", must be 1 to 1e9");
  return faults.ToStatus("retry budget");
}

Result<std::unique_ptr<RetryBudget>> RetryBudget::Create(RetryBudgetOptions options) {
  CAIRN_RETURN_IF_ERROR(options.Check());
  return std::unique_ptr<RetryBudget>(new RetryBudget(options));
}

RetryBudget::RetryBudget(const RetryBudgetOptions& options)
    : per_call_milli_(Milli(options.retries_per_call)),
      ns_per_milli_(options.retries_per_sec > 0
                        ? std::max<int64_t>(1, std::llround(1e6 / options.retries_per_sec))
                        : 0),
      max_milli_(Milli(options.max_retries)),
      milli_(max_milli_) {}

void RetryBudget::Add(int64_t milli) {
  int64_t seen = milli_.load(kRelaxed);
  while (seen < max_milli_ &&
         !milli_.compare_exchange_weak(seen, std::min(max_milli_, seen + milli), kRelaxed)) {
  }
}

void RetryBudget::Refill(int64_t now_ns) {
  if (ns_per_milli_ == 0) return;
  int64_t last = refilled_ns_.load(kRelaxed);
  // The first time, and after the clock was set back, time begins to count now.
  if (last == INT64_MIN || now_ns < last) {
    refilled_ns_.compare_exchange_strong(last, now_ns, kRelaxed);
    return;
  }
  int64_t milli = (now_ns - last) / ns_per_milli_;
  if (milli == 0) return;
  // The remainder stays, so that many short steps add as much as a long one.
  if (refilled_ns_.compare_exchange_strong(last, last + milli * ns_per_milli_, kRelaxed)) {
    Add(std::min(milli, max_milli_));
  }
}

bool RetryBudget::Withdraw(int64_t now_ns) {
  Refill(now_ns);
  int64_t seen = milli_.load(kRelaxed);
  do {
    if (seen < 1000) return false;
  } while (!milli_.compare_exchange_weak(seen, seen - 1000, kRelaxed));
  return true;
}

}  // namespace cairn::resilience
