#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/status.h"

namespace cairn::resilience {

/// The time by which something must be done, on the monotonic clock. It is passed down instead of a
/// duration, so that what was used up above is not given out again below.
///
/// Thread safety: a value.
class Deadline {
 public:
  /// None: never.
  constexpr Deadline() = default;
  constexpr explicit Deadline(int64_t at_ns) : at_ns_(at_ns) {}

  static constexpr Deadline Never() { return {}; }

  /// `after_ns` from `now_ns` on; a negative time has passed already, one too large to add is
  /// never.
  static constexpr Deadline After(int64_t now_ns, int64_t after_ns) {
    int64_t at_ns = 0;
    return __builtin_add_overflow(now_ns, after_ns, &at_ns) ? Deadline() : Deadline(at_ns);
  }

  constexpr int64_t at_ns() const { return at_ns_; }
  constexpr bool is_never() const { return at_ns_ == INT64_MAX; }
  constexpr bool Passed(int64_t now_ns) const { return !is_never() && now_ns >= at_ns_; }

  /// What is left, 0 when it has passed, INT64_MAX without a deadline.
  constexpr int64_t LeftNs(int64_t now_ns) const {
    if (is_never()) return INT64_MAX;
    return now_ns >= at_ns_ ? 0 : at_ns_ - now_ns;
  }

  constexpr Deadline Earlier(Deadline other) const {
    return Deadline(std::min(at_ns_, other.at_ns_));
  }

 private:
  int64_t at_ns_ = INT64_MAX;
};

}  // namespace cairn::resilience
