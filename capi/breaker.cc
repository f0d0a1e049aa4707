#include <cairn/breaker.h>

#include <memory>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/options.h"
#include "capi/resilience_handles.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::resilience::BreakerAdmission;
using cairn::resilience::BreakerEvent;
using cairn::resilience::BreakerOptions;
using cairn::resilience::BreakerPermit;
using cairn::resilience::BreakerState;
using cairn::resilience::BreakerStats;
using cairn::resilience::CircuitBreaker;
using cairn::resilience::WindowKind;

static_assert(CAIRN_NOW == CircuitBreaker::kReadClock);

namespace {

using GivenOptions = InputStruct<cairn_breaker_options>;

void ReadRules(const cairn_breaker_options& given, BreakerOptions* options) {
  ReadUnlessZero(given.consecutive_failures, &options->consecutive_failures);
  if (given.consecutive_failures == CAIRN_BREAKER_OFF) options->consecutive_failures = 0;
  options->failure_rate = given.failure_rate;
  options->slow_rate = given.slow_rate;
  options->slow_call_ns = given.slow_call_ns;
  options->window = static_cast<WindowKind>(given.window);
  ReadUnlessZero(given.window_calls, &options->window_calls);
  ReadUnlessZero(given.window_ns, &options->window_ns);
  options->minimum_calls = std::min(options->minimum_calls, options->window_calls);
  ReadUnlessZero(given.minimum_calls, &options->minimum_calls);
  ReadUnlessZero(given.failure_mask, &options->failure_mask);
  options->ignore_mask &= ~options->failure_mask;  // of the default, what was asked to be a failure
  ReadUnlessZero(given.ignore_mask, &options->ignore_mask);
}

void ReadOpening(const cairn_breaker_options& given, BreakerOptions* options) {
  ReadUnlessZero(given.half_open_trials, &options->half_open_trials);
  ReadUnlessZero(given.open_ns, &options->open_ns);
  options->max_open_ns = std::max(options->max_open_ns, options->open_ns);
  ReadUnlessZero(given.max_open_ns, &options->max_open_ns);
  ReadUnlessZero(given.open_growth, &options->open_growth);
  ReadOrNone(given.open_jitter, &options->open_jitter);
  ReadUnlessZero(given.trial_lease_ns, &options->trial_lease_ns);
  bool long_lease = options->trial_lease_ns > INT64_MAX / 4;
  options->half_open_ns = long_lease ? INT64_MAX : options->trial_lease_ns * 4;
  ReadUnlessZero(given.half_open_ns, &options->half_open_ns);
}

BreakerPermit ToPermit(const cairn_breaker_permit& permit) {
  return {permit.generation, permit.trial, permit.start_ns};
}

cairn_breaker_stats ToPublic(const BreakerStats& stats) {
  cairn_breaker_stats out{};
  out.state = static_cast<int32_t>(stats.state);
  out.success_count = stats.successes;
  out.failure_count = stats.failures;
  out.slow_count = stats.slow;
  out.ignored_count = stats.ignored;
  out.refused_count = stats.refused;
  out.late_count = stats.late;
  out.lost_trial_count = stats.lost_trials;
  out.opened_count = stats.entered[static_cast<size_t>(BreakerState::kOpen)];
  out.window_call_count = stats.window.calls;
  out.window_failure_count = stats.window.failures;
  out.window_slow_count = stats.window.slow;
  return out;
}

}  // namespace

void cairn_breaker_options_init(cairn_breaker_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_breaker_create(const cairn_breaker_options* options, cairn_breaker** breaker_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(breaker_out, "breaker_out"));
    GivenOptions given(options);
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    BreakerOptions read;
    CAIRN_RETURN_IF_ERROR(ReadNameAndMetrics(given, &read.name));
    ReadRules(given.value(), &read);
    ReadOpening(given.value(), &read);
    CAIRN_ASSIGN_OR_RETURN(auto made, CircuitBreaker::Create(std::move(read)));
    *breaker_out =
        std::make_unique<cairn_breaker>(Share(std::move(made), given->metrics)).release();
    return cairn::OkStatus();
  });
}

cairn_breaker* cairn_breaker_retain(cairn_breaker* breaker) noexcept { return Retain(breaker); }

void cairn_breaker_release(cairn_breaker* breaker) noexcept { Release(breaker); }

cairn_status cairn_breaker_acquire(cairn_breaker* breaker, int64_t now_ns,
                                   cairn_breaker_permit* permit_out, int64_t* retry_after_ns_out,
                                   cairn_error** err) noexcept {
  if (retry_after_ns_out != nullptr) *retry_after_ns_out = 0;
  if (permit_out != nullptr && IsValid(breaker)) {
    BreakerAdmission answer = breaker->impl->Acquire(now_ns);
    *permit_out = {answer.permit.generation, answer.permit.trial, answer.permit.start_ns};
    if (answer.admitted) return CAIRN_OK;
    if (retry_after_ns_out != nullptr) *retry_after_ns_out = answer.retry_after_ns;
    if (err == nullptr) return CAIRN_UNAVAILABLE;  // without the cost of a sentence
    return Guard(err, [&] { return breaker->impl->Refusal(answer); });
  }
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(permit_out, "permit_out"));
    return CheckHandle(breaker, "breaker");
  });
}

void cairn_breaker_record(cairn_breaker* breaker, const cairn_breaker_permit* permit,
                          cairn_status status, int64_t now_ns) noexcept {
  if (!IsValid(breaker) || permit == nullptr) return;
  breaker->impl->Record(ToPermit(*permit), static_cast<Code>(status), now_ns);
}

void cairn_breaker_cancel(cairn_breaker* breaker, const cairn_breaker_permit* permit) noexcept {
  if (IsValid(breaker) && permit != nullptr) breaker->impl->Release(ToPermit(*permit));
}

cairn_status cairn_breaker_force(cairn_breaker* breaker, int32_t state,
                                 cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(breaker, "breaker"));
    switch (state) {
      case CAIRN_BREAKER_CLOSED:
        breaker->impl->Reset();
        break;
      case CAIRN_BREAKER_FORCED_OPEN:
        breaker->impl->ForceOpen();
        break;
      case CAIRN_BREAKER_FORCED_CLOSED:
        breaker->impl->ForceClosed();
        break;
      case CAIRN_BREAKER_DISABLED:
        breaker->impl->Disable();
        break;
      default:
        return cairn::Error(Code::kInvalidArgument, "state is ", state,
                            ", must be closed (0), forced open (3), forced closed (4) or "
                            "disabled (5)");
    }
    return cairn::OkStatus();
  });
}

int32_t cairn_breaker_state(const cairn_breaker* breaker) noexcept {
  return IsValid(breaker) ? static_cast<int32_t>(breaker->impl->state()) : CAIRN_BREAKER_CLOSED;
}

cairn_status cairn_breaker_listen(cairn_breaker* breaker, cairn_breaker_listener_fn listener_fn,
                                  void* user_data, cairn_free_fn free_fn,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    auto data = std::make_shared<HostData>(HostData(user_data, free_fn));
    CAIRN_RETURN_IF_ERROR(CheckHandle(breaker, "breaker"));
    if (listener_fn == nullptr) {
      return cairn::Error(Code::kInvalidArgument, "listener_fn is NULL");
    }
    breaker->impl->AddListener([listener_fn, data](const BreakerEvent& event) {
      listener_fn(static_cast<int32_t>(event.from), static_cast<int32_t>(event.to),
                  event.generation, event.reason.data(), data->get());
    });
    return cairn::OkStatus();
  });
}

cairn_status cairn_breaker_stats_get(const cairn_breaker* breaker, cairn_breaker_stats* stats_inout,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(breaker, "breaker"));
    FillStruct(stats_inout, ToPublic(breaker->impl->Stats()));
    return cairn::OkStatus();
  });
}
