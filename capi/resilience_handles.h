#pragma once

#include <cairn/metrics.h>
#include <cairn/pipeline.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "capi/callback.h"
#include "capi/handle.h"
#include "capi/text.h"
#include "observe/metrics.h"
#include "resilience/pipeline.h"
#include "resilience/reporter.h"

// The handles of the resilience parts, which pipelines look into, and what their shims share.

struct cairn_metrics final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kMetrics;
  cairn_metrics() : Handle(kKind), registry(std::make_shared<cairn::metrics::Registry>()) {}

  const std::shared_ptr<cairn::metrics::Registry> registry;
};

namespace cairn::capi {

/// A part that pipelines may share, and its reporter.
template <typename Part>
struct Reported {
  explicit Reported(std::unique_ptr<Part> made) : part(std::move(made)) {}

  const std::unique_ptr<Part> part;
  std::unique_ptr<resilience::Reporter> reporter;  // ends before the part
};

/// Wraps a part that was just made. Its owners share the part together with its reporter.
template <typename Part>
std::shared_ptr<Part> Share(std::unique_ptr<Part> made, const cairn_metrics* metrics) {
  auto both = std::make_shared<Reported<Part>>(std::move(made));
  if (metrics != nullptr) {
    both->reporter =
        std::make_unique<resilience::Reporter>(metrics->registry, std::as_const(both->part).get());
  }
  return std::shared_ptr<Part>(both, both->part.get());
}

/// A handle that stands for a shared part.
template <typename Part, HandleKind kind>
struct PartHandle : Handle {
  static constexpr auto kKind = kind;
  explicit PartHandle(std::shared_ptr<Part> shared) : Handle(kKind), impl(std::move(shared)) {}

  const std::shared_ptr<Part> impl;
};

/// Reads the name and metrics that every part's options end with.
template <typename Given>
Status ReadNameAndMetrics(const Given& given, std::string* name) {
  CAIRN_ASSIGN_OR_RETURN(std::string_view text,
                         ReadText(given->name, given->name_bytes, "options.name"));
  *name = text;
  return given->metrics == nullptr ? OkStatus() : CheckHandle(given->metrics, "options.metrics");
}

/// Settings of which zero stands for the default.
template <typename T>
void ReadUnlessZero(T given, T* setting) {
  if (given != 0) *setting = given;
}

/// The same, where a negative number stands for zero.
template <typename T>
void ReadOrNone(T given, T* setting) {
  if (given != 0) *setting = std::max<T>(given, 0);
}

/// A deadline out of a timeout; negative: none.
inline resilience::Deadline DeadlineIn(int64_t timeout_ns) {
  if (timeout_ns < 0) return {};
  return resilience::Deadline::After(Clock::System()->MonotonicNs(), timeout_ns);
}

/// Makes one attempt by the host's function.
inline Status MakeAttempt(resilience::Attempt& attempt, cairn_attempt_fn attempt_fn,
                          void* user_data) {
  cairn_attempt shown{};
  shown.number = attempt.number;
  shown.left_ns = attempt.deadline.is_never()
                      ? INT64_MAX
                      : attempt.deadline.LeftNs(Clock::System()->MonotonicNs());
  cairn_status code = attempt_fn(&shown, user_data);
  if (code == CAIRN_OK) return OkStatus();
  attempt.retry_after_ns = shown.retry_after_ns;
  attempt.final = shown.is_final != 0;
  return Error(static_cast<Code>(code), "the call failed: ", CodeName(static_cast<Code>(code)));
}

}  // namespace cairn::capi

struct cairn_breaker final : cairn::capi::PartHandle<cairn::resilience::CircuitBreaker,
                                                     cairn::capi::HandleKind::kBreaker> {
  using PartHandle::PartHandle;
};

struct cairn_retry final
    : cairn::capi::PartHandle<cairn::resilience::Retry, cairn::capi::HandleKind::kRetry> {
  using PartHandle::PartHandle;
};

struct cairn_bulkhead final
    : cairn::capi::PartHandle<cairn::resilience::Bulkhead, cairn::capi::HandleKind::kBulkhead> {
  using PartHandle::PartHandle;
};
