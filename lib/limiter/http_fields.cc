#include "limiter/http_fields.h"

#include <algorithm>

#include "limiter/fixed_point.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
/// The largest Integer of a structured field (RFC 9651).
constexpr uint64_t kMostInteger = 999'999'999'999'999;

uint64_t SecondsUp(int64_t ns) {
  if (ns <= 0) return 0;
  return static_cast<uint64_t>(ns / kSecondNs + (ns % kSecondNs != 0 ? 1 : 0));
}

uint64_t WindowSeconds(const Rule& rule) {
  const Uint128 fill = Uint128{rule.capacity()} * static_cast<uint64_t>(rule.window_ns);
  return std::max<uint64_t>(SecondsUp(static_cast<int64_t>((fill + rule.limit - 1) / rule.limit)),
                            1);
}

/// Names are of characters that need no escape.
std::string Quoted(std::string_view name) { return StrCat("\"", name, "\""); }

}  // namespace

std::string RateLimitPolicyField(const Policy& policy) {
  std::string field;
  for (const Rule& rule : policy.rules) {
    if (!field.empty()) field += ", ";
    field += Quoted(rule.name) + StrCat(";q=", std::min(rule.capacity(), kMostInteger));
    if (rule.algorithm == Algorithm::kConcurrency) {
      field += ";qu=\"concurrent-requests\"";
    } else {
      field += StrCat(";w=", WindowSeconds(rule));
    }
  }
  return field;
}

std::string RateLimitField(const Decision& decision) {
  std::string field = Quoted(decision.rule);
  field += StrCat(";r=", std::min(decision.remaining, kMostInteger));
  // Retry-After must not name an earlier moment than this.
  const bool refused = decision.outcome == Outcome::kRefused;
  const uint64_t seconds = SecondsUp(refused ? decision.retry_after_ns : decision.reset_after_ns);
  if (seconds > 0) field += StrCat(";t=", seconds);
  return field;
}

std::string RetryAfterField(const Decision& decision) {
  if (decision.outcome != Outcome::kRefused) return "";
  return std::to_string(std::max<uint64_t>(SecondsUp(decision.retry_after_ns), 1));
}

}  // namespace cairn::limiter
