#pragma once

#include <span>
#include <string>

#include "limiter/decision.h"
#include "limiter/policy.h"

namespace cairn::limiter {

// Values of HTTP fields as draft-ietf-httpapi-ratelimit-headers-10 has them. Times are whole
// seconds, rounded up, so that a client that obeys them is not refused again.

/// RateLimit-Policy: `"sliding_1m";q=60;w=60, "sliding_1h";q=1000;w=3600`. The quota of gcra is its
/// burst, with the time that it takes to fill; that of concurrency has the unit
/// "concurrent-requests" and no window.
std::string RateLimitPolicyField(const Policy& policy);

/// RateLimit: `"sliding_1m";r=12;t=37`, of the rule that the decision is about.
std::string RateLimitField(const Decision& decision);

/// Retry-After: seconds, at least 1; "" when the decision is not a refusal.
std::string RetryAfterField(const Decision& decision);

}  // namespace cairn::limiter
