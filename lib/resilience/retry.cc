#include "resilience/retry.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "resilience/faults.h"

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

class SystemSleeper final : public Sleeper {
 public:
  Status Sleep(int64_t ns) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
    return OkStatus();
  }
};

/// base * 2^doublings, at most cap.
int64_t Doubled(int64_t base, uint32_t doublings, int64_t cap) {
  if (doublings >= 62 || base > (cap >> doublings)) return cap;
  return base << doublings;
}

int64_t Within(int64_t low, int64_t high, Random* random) {
  double span = static_cast<double>(high - low);
  return std::min(high, low + static_cast<int64_t>(span * random->Uniform()));
}

}  // namespace

Sleeper* Sleeper::System() {
  static SystemSleeper sleeper;
  return &sleeper;
}

Status RetryOptions::Check() const {
  auto kind = static_cast<int32_t>(jitter);
  Faults faults;
  faults.AddIf(max_attempts == 0, "max_attempts is 0, must be at least 1 (no retries)");
  faults.AddIf(base_ns < 0, "base_ns is ", base_ns, ", must not be negative");
  faults.AddIf(cap_ns < base_ns, "cap_ns (", cap_ns, ") is less than base_ns (", base_ns, ")");
  faults.AddIf(max_retry_after_ns < 0, "max_retry_after_ns is ", max_retry_after_ns,
               ", must not be negative");
  faults.AddIf(kind < 0 || kind > 2, "jitter is ", kind,
               ", must be 0 (full), 1 (decorrelated) or 2 (none)");
  faults.AddIf(retryable == 0 && max_attempts > 1,
               "retryable is empty: nothing would ever be tried again");
  faults.AddIf(Contains(retryable, Code::kOk), "retryable contains the code OK");
  return faults.ToStatus(StrCat("retry '", name, "'"));
}

Result<std::unique_ptr<Retry>> Retry::Create(RetryOptions options,
                                             std::shared_ptr<RetryBudget> budget,
                                             const Clock* clock, Sleeper* sleeper, Random* random) {
  CAIRN_RETURN_IF_ERROR(options.Check());
  return std::unique_ptr<Retry>(
      new Retry(std::move(options), std::move(budget), clock, sleeper, random));
}

Retry::Retry(RetryOptions options, std::shared_ptr<RetryBudget> budget, const Clock* clock,
             Sleeper* sleeper, Random* random)
    : options_(std::move(options)),
      budget_(std::move(budget)),
      clock_(clock),
      sleeper_(sleeper),
      random_(random) {}

Status Retry::TooLate() const {
  return Error(Code::kTimedOut, "retry '", options_.name,
               "': the deadline has passed before the first attempt");
}

int64_t Retry::Backoff(const RetryState& state) {
  int64_t cap = options_.cap_ns;
  if (options_.jitter == Jitter::kDecorrelated) {
    int64_t base = options_.base_ns;
    int64_t last = std::max(state.last_wait_ns, base);
    return std::min(cap, Within(base, last > cap / 3 ? std::max(base, cap) : last * 3, random_));
  }
  int64_t longest = Doubled(options_.base_ns, state.attempts - 1, cap);
  return options_.jitter == Jitter::kNone ? longest : Within(0, longest, random_);
}

RetryEnd Retry::Decide(RetryState* state, Code code, int64_t retry_after_ns, Deadline deadline,
                       int64_t* wait_ns) {
  ++state->attempts;
  if (!Contains(options_.retryable, code)) return RetryEnd::kNotRetryable;
  if (state->attempts >= options_.max_attempts) return RetryEnd::kAttempts;
  int64_t backoff = Backoff(*state);
  state->last_wait_ns = backoff;
  // What the server asks for is the least; the jitter goes on top, so that not all come at once.
  int64_t floor = std::clamp<int64_t>(retry_after_ns, 0, options_.max_retry_after_ns);
  if (__builtin_add_overflow(floor, backoff, wait_ns)) *wait_ns = INT64_MAX;
  if (budget_ == nullptr && deadline.is_never()) return RetryEnd::kRetry;
  int64_t now_ns = clock_->MonotonicNs();
  if (!deadline.is_never() && *wait_ns >= deadline.LeftNs(now_ns)) return RetryEnd::kDeadline;
  if (budget_ != nullptr && !budget_->Withdraw(now_ns)) return RetryEnd::kBudget;
  return RetryEnd::kRetry;
}

void Retry::CountEnd(RetryEnd end) {
  if (end == RetryEnd::kRetry) {
    retries_.fetch_add(1, kRelaxed);
    return;
  }
  failures_.fetch_add(1, kRelaxed);
  if (end == RetryEnd::kAttempts) out_of_attempts_.fetch_add(1, kRelaxed);
  if (end == RetryEnd::kDeadline) out_of_time_.fetch_add(1, kRelaxed);
  if (end == RetryEnd::kBudget) out_of_budget_.fetch_add(1, kRelaxed);
}

RetryDecision Retry::Next(RetryState* state, Code code, int64_t retry_after_ns, Deadline deadline) {
  RetryDecision decision;
  decision.end = Decide(state, code, retry_after_ns, deadline, &decision.wait_ns);
  if (decision.end != RetryEnd::kRetry) decision.wait_ns = 0;
  CountEnd(decision.end);
  return decision;
}

Status Retry::RunOn(Attempt attempt, Status status, FunctionRef<Status(Attempt&)> make) {
  static constexpr const char* kReasons[] = {"", "", "", ", no time for another",
                                             ", no retries left in the budget"};
  RetryState state;
  for (;;) {
    RetryDecision next;
    if (attempt.final) {
      ++state.attempts;
      next.end = RetryEnd::kNotRetryable;
      CountEnd(next.end);
    } else {
      next = Next(&state, status.code(), attempt.retry_after_ns, attempt.deadline);
    }
    if (next.end != RetryEnd::kRetry) {
      const char* reason = kReasons[static_cast<size_t>(next.end)];
      if (state.attempts == 1 && *reason == '\0') return status;
      return std::move(status).WithContext(StrCat("after ", state.attempts, " attempts", reason));
    }
    if (next.wait_ns > 0) CAIRN_RETURN_IF_ERROR(sleeper_->Sleep(next.wait_ns));
    attempt = {state.attempts + 1, attempt.deadline};
    status = make(attempt);
    if (status.ok()) {
      Succeeded();
      return status;
    }
  }
}

RetryStats Retry::Stats() const {
  RetryStats stats;
  stats.failures = failures_.load(kRelaxed);
  stats.calls = succeeded_.value() + stats.failures;
  stats.retries = retries_.load(kRelaxed);
  stats.out_of_attempts = out_of_attempts_.load(kRelaxed);
  stats.out_of_time = out_of_time_.load(kRelaxed);
  stats.out_of_budget = out_of_budget_.load(kRelaxed);
  return stats;
}

}  // namespace cairn::resilience
