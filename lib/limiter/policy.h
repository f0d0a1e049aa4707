#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::limiter {

/// How a rule counts. The values are those of the C interface.
///
/// What each promises for a limit L and a window W: kGcra at most burst + L in any window of W;
/// kFixedWindow at most L in each window, so up to 2L across an edge; kSlidingWindow never more
/// than L in any window; kConcurrency never more than L at one time.
enum class Algorithm : uint8_t {
  kGcra = 0,           ///< token bucket: refills evenly, and holds `burst` when full
  kFixedWindow = 1,    ///< windows follow each other from the policy's first use
  kSlidingWindow = 2,  ///< windows in slices, the oldest counted whole
  kConcurrency = 3,    ///< permits that are given back, or lost when their lease ends
};

/// "gcra", "fixed", "sliding", "concurrency".
std::string_view AlgorithmName(Algorithm algorithm);

/// What becomes of a key for which there is no room left in the byte budget. Keys that are there
/// and not yet back at their full allowance are never forgotten to make room.
enum class Overflow : uint8_t {
  kShared = 0,  ///< all such keys of a shard share one allowance
  kDeny = 1,
  kAllow = 2,
};

/// One limit of a policy.
struct Rule {
  std::string name;  ///< 1 to 64 bytes of visible ASCII; unique in its policy
  Algorithm algorithm = Algorithm::kGcra;
  uint64_t limit = 0;     ///< units per window; concurrency: permits
  int64_t window_ns = 0;  ///< concurrency: the lease of a permit
  uint64_t burst = 0;     ///< kGcra only: units at once; 0 = limit
  /// kSlidingWindow and kConcurrency: 1 to 64 per window; 0 = as slice_count() says.
  uint32_t slices = 0;

  /// Who asks for more than a window of n slices allows gets n / (n + 1) of it.
  uint32_t slice_count() const {
    return slices != 0 ? slices : algorithm == Algorithm::kSlidingWindow ? 64 : 16;
  }
  uint64_t capacity() const { return burst == 0 ? limit : burst; }
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// Several limits that a request must all pass. A refused request consumes nothing of any.
struct Policy {
  static constexpr size_t kMaxRules = 8;
  static constexpr uint64_t kDefaultMemoryBytes = 64 << 20;

  std::string name;  ///< 1 to 64 bytes of visible ASCII
  std::vector<Rule> rules;
  Overflow overflow = Overflow::kShared;
  uint64_t memory_bytes = kDefaultMemoryBytes;  ///< never exceeded by what is kept about keys

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// Everything that is wrong with a policy, in one invalid_argument.
Status Validate(const Policy& policy);

/// The same as sentences, for a report on several policies. Empty when there is no fault.
std::vector<std::string> FaultsOf(const Policy& policy);

/// The first rule of permits, or null.
const Rule* PermitRule(const Policy& policy);

}  // namespace cairn::limiter
