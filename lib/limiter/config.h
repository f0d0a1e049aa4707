#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "limiter/policy.h"
#include "limiter/shared_config.h"

namespace cairn::limiter {

/// Policies from JSON:
///
///   {"memory_bytes": 67108864, "overflow": "shared",
///    "policies": {
///      "search": {"limits": [{"limit": 60, "window": "1m"}, {"limit": 1000, "window": "1h"}]},
///      "upload": {"algorithm": "gcra", "limit": 10, "window": "1s", "burst": 40},
///      "report": "20/h", "browse": {"preset": "per_client"}}}
///
/// A policy is an object with the members of one limit, or with "limits", an array of them; or text
/// for one limit. A limit has "limit", "window" (a number of seconds, or text with a unit: ns us ms
/// s m h d), "algorithm" (gcra, fixed, sliding, concurrency; sliding unless said), "burst" (gcra),
/// "slices" and "name" (else the algorithm and window). As text it is "limit/window", a window
/// being a unit or a number and a unit, with ", " between several. Presets: see Presets.
/// memory_bytes and overflow (shared, deny, allow) may stand in a policy or, for all, beside
/// "policies".
///
/// invalid_argument with every fault at once, names of unknown members included.
Result<std::vector<Policy>> ParsePolicies(std::string_view json);

/// Policies, and where they are shared.
struct Configuration {
  std::vector<Policy> policies;
  std::optional<SharedSettings> shared;
};

/// The same with "redis" beside "policies": see ReadShared.
Result<Configuration> ParseConfiguration(std::string_view json);

/// One policy, as a member of "policies".
Result<Policy> ParsePolicy(std::string_view name, std::string_view json);

/// One limit as text, "100/60s" for instance, with the sliding window; several with commas.
Result<std::vector<Rule>> ParseLimits(std::string_view text);

/// The policies that have a name of their own: "per_client" (100 per minute, sliding), "search"
/// (1000 per hour), "heavy_report" (20 per hour), "reindex" (5 per hour), "api" (60 per minute and
/// 1000 per hour).
std::vector<Policy> Presets();

}  // namespace cairn::limiter
