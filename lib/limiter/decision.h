#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::limiter {

enum class Outcome : uint8_t {
  kAllowed = 0,
  kRefused = 1,     ///< not yet: retry_after_ns says when
  kImpossible = 2,  ///< the cost is above what the rule ever holds: waiting does not help
};

/// The answer about one request.
///
/// The numbers are those of one rule: of an allowed request the rule with the smallest share left,
/// of a refused one the rule that it must wait for longest.
struct Decision {
  Outcome outcome = Outcome::kAllowed;
  uint8_t rule_index = 0;  ///< in the policy
  /// There was no room for the key: see Overflow.
  bool overflowed = false;
  /// The shared store did not answer: see OnTrouble.
  bool degraded = false;
  uint64_t limit = 0;          ///< what the rule holds when nothing is used
  uint64_t remaining = 0;      ///< units that would pass now, after this request
  int64_t reset_after_ns = 0;  ///< until the rule is back at its limit, if nothing more comes
  int64_t retry_after_ns = 0;  ///< 0 unless refused; then at least 1
  /// Concurrency: what gives the permit back; 0 when there is none.
  uint64_t permit = 0;
  std::string_view rule;  ///< name of the rule; lives as long as the limiter

  bool allowed() const { return outcome == Outcome::kAllowed; }
};

}  // namespace cairn::limiter
