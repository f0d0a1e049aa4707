#include <cairn/retry.h>

#include <memory>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/options.h"
#include "capi/resilience_handles.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::resilience::Attempt;
using cairn::resilience::Deadline;
using cairn::resilience::Jitter;
using cairn::resilience::Retry;
using cairn::resilience::RetryBudget;
using cairn::resilience::RetryDecision;
using cairn::resilience::RetryEnd;
using cairn::resilience::RetryOptions;
using cairn::resilience::RetryState;

struct cairn_retry_budget final : PartHandle<RetryBudget, HandleKind::kRetryBudget> {
  using PartHandle::PartHandle;
};

namespace {

using GivenOptions = InputStruct<cairn_retry_options>;

Status ReadOptions(const GivenOptions& given, RetryOptions* options) {
  CAIRN_RETURN_IF_ERROR(ReadNameAndMetrics(given, &options->name));
  ReadUnlessZero(given->max_attempts, &options->max_attempts);
  ReadOrNone(given->base_ns, &options->base_ns);
  options->cap_ns = std::max(options->cap_ns, options->base_ns);
  ReadUnlessZero(given->cap_ns, &options->cap_ns);
  ReadOrNone(given->max_retry_after_ns, &options->max_retry_after_ns);
  ReadUnlessZero(given->retryable_mask, &options->retryable);
  options->jitter = static_cast<Jitter>(given->jitter);
  return given->budget == nullptr ? cairn::OkStatus()
                                  : CheckHandle(given->budget, "options.budget");
}

}  // namespace

cairn_status cairn_retry_budget_create(double retries_per_call, double retries_per_sec,
                                       double max_retries, cairn_retry_budget** budget_out,
                                       cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(budget_out, "budget_out"));
    CAIRN_ASSIGN_OR_RETURN(auto made,
                           RetryBudget::Create({retries_per_call, retries_per_sec, max_retries}));
    *budget_out = std::make_unique<cairn_retry_budget>(std::move(made)).release();
    return cairn::OkStatus();
  });
}

void cairn_retry_budget_release(cairn_retry_budget* budget) noexcept { Release(budget); }

void cairn_retry_options_init(cairn_retry_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_retry_create(const cairn_retry_options* options, cairn_retry** retry_out,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(retry_out, "retry_out"));
    GivenOptions given(options);
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    RetryOptions read;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &read));
    std::shared_ptr<RetryBudget> budget;
    if (given->budget != nullptr) budget = given->budget->impl;
    CAIRN_ASSIGN_OR_RETURN(auto made, Retry::Create(std::move(read), std::move(budget)));
    *retry_out = std::make_unique<cairn_retry>(Share(std::move(made), given->metrics)).release();
    return cairn::OkStatus();
  });
}

cairn_retry* cairn_retry_retain(cairn_retry* retry) noexcept { return Retain(retry); }

void cairn_retry_release(cairn_retry* retry) noexcept { Release(retry); }

cairn_status cairn_retry_run(cairn_retry* retry, int64_t timeout_ns, cairn_attempt_fn attempt_fn,
                             void* user_data, cairn_free_fn free_fn, cairn_error** err) noexcept {
  HostData data(user_data, free_fn);
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(retry, "retry"));
    if (attempt_fn == nullptr) return cairn::Error(Code::kInvalidArgument, "attempt_fn is NULL");
    return retry->impl->Run(DeadlineIn(timeout_ns), [&](Attempt& attempt) {
      return MakeAttempt(attempt, attempt_fn, data.get());
    });
  });
}

int32_t cairn_retry_next(cairn_retry* retry, cairn_retry_state* state_inout, cairn_status status,
                         int64_t retry_after_ns, int64_t left_ns, int64_t* wait_ns_out) noexcept {
  if (wait_ns_out != nullptr) *wait_ns_out = 0;
  if (!IsValid(retry) || state_inout == nullptr) return 0;
  RetryState state{state_inout->attempts, state_inout->last_wait_ns};
  RetryDecision next =
      retry->impl->Next(&state, static_cast<Code>(status), retry_after_ns, DeadlineIn(left_ns));
  state_inout->attempts = state.attempts;
  state_inout->last_wait_ns = state.last_wait_ns;
  if (next.end != RetryEnd::kRetry) return 0;
  if (wait_ns_out != nullptr) *wait_ns_out = next.wait_ns;
  return 1;
}

void cairn_retry_succeeded(cairn_retry* retry) noexcept {
  if (IsValid(retry)) retry->impl->Succeeded();
}
