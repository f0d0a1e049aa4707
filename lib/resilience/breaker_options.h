#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "resilience/status_mask.h"

namespace cairn::resilience {

/// What a rate is taken over.
enum class WindowKind : int32_t {
  kCalls = 0,  ///< the last `window_calls` results
  kTime = 1,   ///< results of about the last `window_ns`
};

/// When a CircuitBreaker opens, for how long, and how it finds out that the target is well again.
struct BreakerOptions {
  static constexpr uint32_t kMaxWindowCalls = 1'000'000;
  static constexpr uint32_t kMaxTrials = 1024;

  std::string name;  ///< told in messages and metrics

  uint32_t consecutive_failures = 5;  ///< so many in a row open it; 0: no such rule
  double failure_rate = 0;            ///< this share of failures opens it; 0: no such rule
  double slow_rate = 0;               ///< this share of slow calls opens it; 0: no such rule
  int64_t slow_call_ns = 0;           ///< a call that takes longer is slow
  uint32_t minimum_calls = 20;        ///< no rate is taken of fewer calls in the window

  WindowKind window = WindowKind::kCalls;
  uint32_t window_calls = 100;
  int64_t window_ns = 10'000'000'000;

  int64_t open_ns = 60'000'000'000;       ///< how long it stays open the first time
  double open_growth = 2;                 ///< longer by this factor each time the trials fail
  int64_t max_open_ns = 600'000'000'000;  ///< never longer, before jitter
  double open_jitter = 0.1;               ///< longer by a random share of up to this

  uint32_t half_open_trials = 3;            ///< calls let through, all of which must succeed
  int64_t trial_lease_ns = 30'000'000'000;  ///< a trial without a result by then frees its place
  int64_t half_open_ns = 120'000'000'000;   ///< longest it waits for trials that do not come back

  StatusMask failure_mask = kTargetFailures;  ///< codes that count as failures
  StatusMask ignore_mask = kNoVerdict;        ///< codes that count as nothing; the rest: success

  bool has_rates() const { return failure_rate > 0 || slow_rate > 0; }

  /// invalid_argument, listing all that is wrong.
  Status Check() const;
};

}  // namespace cairn::resilience
