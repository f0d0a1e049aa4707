#include "resilience/breaker_options.h"

#include "resilience/faults.h"

namespace cairn::resilience {
namespace {

/// Written so that NaN is outside.
bool Within(double value, double low, double high) { return value >= low && value <= high; }

void CheckRules(const BreakerOptions& o, Faults* faults) {
  faults->AddIf(!Within(o.failure_rate, 0, 1), "failure_rate is ", o.failure_rate,
                ", must be 0 to 1");
  faults->AddIf(!Within(o.slow_rate, 0, 1), "slow_rate is ", o.slow_rate, ", must be 0 to 1");
  faults->AddIf(o.slow_call_ns < 0, "slow_call_ns is ", o.slow_call_ns, ", must not be negative");
  faults->AddIf(o.slow_rate > 0 && o.slow_call_ns == 0,
                "slow_rate is set, but not slow_call_ns, so no call is ever slow");
  faults->AddIf(o.slow_call_ns > 0 && o.slow_rate == 0,
                "slow_call_ns is set, but not slow_rate, so slow calls have no effect");
  faults->AddIf(o.consecutive_failures == 0 && !o.has_rates(),
                "no rule is set: the breaker would never open");
  faults->AddIf((o.failure_mask & o.ignore_mask) != 0,
                "a status code is in both failure_mask and ignore_mask");
  faults->AddIf(o.failure_mask == 0, "failure_mask is empty: nothing would count as a failure");
  faults->AddIf(Contains(o.failure_mask, Code::kOk), "failure_mask contains the code OK");
}

void CheckWindow(const BreakerOptions& o, Faults* faults) {
  bool calls = o.window == WindowKind::kCalls;
  faults->AddIf(!calls && o.window != WindowKind::kTime, "window is ",
                static_cast<int32_t>(o.window), ", must be 0 (calls) or 1 (time)");
  faults->AddIf(o.window_calls == 0 || o.window_calls > BreakerOptions::kMaxWindowCalls,
                "window_calls is ", o.window_calls, ", must be 1 to ",
                BreakerOptions::kMaxWindowCalls);
  faults->AddIf(o.window_ns < 1'000'000, "window_ns is ", o.window_ns,
                ", must be at least 1000000 (1 ms)");
  faults->AddIf(o.minimum_calls == 0, "minimum_calls is 0, must be at least 1");
  faults->AddIf(o.has_rates() && calls && o.minimum_calls > o.window_calls, "minimum_calls (",
                o.minimum_calls, ") is more than window_calls (", o.window_calls,
                "): no rate would ever be taken");
}

void CheckOpening(const BreakerOptions& o, Faults* faults) {
  faults->AddIf(o.open_ns <= 0, "open_ns is ", o.open_ns, ", must be positive");
  faults->AddIf(o.max_open_ns < o.open_ns, "max_open_ns (", o.max_open_ns,
                ") is less than open_ns (", o.open_ns, ")");
  faults->AddIf(!Within(o.open_growth, 1, 100), "open_growth is ", o.open_growth,
                ", must be 1 to 100");
  faults->AddIf(!Within(o.open_jitter, 0, 1), "open_jitter is ", o.open_jitter, ", must be 0 to 1");
  faults->AddIf(o.half_open_trials == 0 || o.half_open_trials > BreakerOptions::kMaxTrials,
                "half_open_trials is ", o.half_open_trials, ", must be 1 to ",
                BreakerOptions::kMaxTrials);
  faults->AddIf(o.trial_lease_ns <= 0, "trial_lease_ns is ", o.trial_lease_ns,
                ", must be positive");
  faults->AddIf(o.half_open_ns < o.trial_lease_ns, "half_open_ns (", o.half_open_ns,
                ") is less than trial_lease_ns (", o.trial_lease_ns, ")");
}

}  // namespace

Status BreakerOptions::Check() const {
  Faults faults;
  CheckRules(*this, &faults);
  CheckWindow(*this, &faults);
  CheckOpening(*this, &faults);
  return faults.ToStatus(StrCat("circuit breaker '", name, "'"));
}

}  // namespace cairn::resilience
