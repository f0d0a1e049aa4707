#include <cairn/pipeline.h>

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
using cairn::resilience::Bulkhead;
using cairn::resilience::BulkheadOptions;
using cairn::resilience::Pipeline;
using cairn::resilience::PipelineParts;

struct cairn_pipeline final : PartHandle<Pipeline, HandleKind::kPipeline> {
  using PartHandle::PartHandle;
};

namespace {

/// The host's limiter. The hook must be copyable, so its copies share the data.
cairn::resilience::LimiterHook Hook(cairn_admit_fn admit_fn, HostData data) {
  if (admit_fn == nullptr) return {};
  return [admit_fn, data = std::make_shared<HostData>(std::move(data))](int64_t, int64_t*) {
    auto code = static_cast<Code>(admit_fn(data->get()));
    if (code == Code::kOk) return cairn::OkStatus();
    return cairn::Error(code, "the limiter refused the call: ", cairn::CodeName(code));
  };
}

template <typename Handle, typename Part>
Status Take(const Handle* handle, std::string_view name, std::shared_ptr<Part>* part) {
  if (handle == nullptr) return cairn::OkStatus();
  CAIRN_RETURN_IF_ERROR(CheckHandle(handle, name));
  *part = handle->impl;
  return cairn::OkStatus();
}

}  // namespace

void cairn_bulkhead_options_init(cairn_bulkhead_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_bulkhead_create(const cairn_bulkhead_options* options,
                                   cairn_bulkhead** bulkhead_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(bulkhead_out, "bulkhead_out"));
    InputStruct<cairn_bulkhead_options> given(options);
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    BulkheadOptions read;
    CAIRN_RETURN_IF_ERROR(ReadNameAndMetrics(given, &read.name));
    ReadUnlessZero(given->max_running, &read.max_running);
    read.max_waiting = given->max_waiting;
    ReadUnlessZero(given->max_wait_ns, &read.max_wait_ns);
    CAIRN_ASSIGN_OR_RETURN(auto made, Bulkhead::Create(std::move(read)));
    *bulkhead_out =
        std::make_unique<cairn_bulkhead>(Share(std::move(made), given->metrics)).release();
    return cairn::OkStatus();
  });
}

void cairn_bulkhead_release(cairn_bulkhead* bulkhead) noexcept { Release(bulkhead); }

cairn_status cairn_bulkhead_enter(cairn_bulkhead* bulkhead, int64_t timeout_ns,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(bulkhead, "bulkhead"));
    return bulkhead->impl->Enter(DeadlineIn(timeout_ns));
  });
}

void cairn_bulkhead_leave(cairn_bulkhead* bulkhead) noexcept {
  if (IsValid(bulkhead)) bulkhead->impl->Leave();
}

void cairn_pipeline_options_init(cairn_pipeline_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_pipeline_create(const cairn_pipeline_options* options,
                                   cairn_pipeline** pipeline_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    InputStruct<cairn_pipeline_options> given(options);
    HostData data(given->admit_user_data, given->admit_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(pipeline_out, "pipeline_out"));
    CAIRN_RETURN_IF_ERROR(given.Check("options"));
    PipelineParts parts;
    CAIRN_ASSIGN_OR_RETURN(parts.name, ReadText(given->name, given->name_bytes, "options.name"));
    CAIRN_RETURN_IF_ERROR(Take(given->retry, "options.retry", &parts.retry));
    CAIRN_RETURN_IF_ERROR(Take(given->bulkhead, "options.bulkhead", &parts.bulkhead));
    CAIRN_RETURN_IF_ERROR(Take(given->breaker, "options.breaker", &parts.breaker));
    parts.timeout_ns = given->timeout_ns;
    parts.limiter = Hook(given->admit_fn, std::move(data));
    CAIRN_ASSIGN_OR_RETURN(auto made, Pipeline::Create(std::move(parts)));
    *pipeline_out = std::make_unique<cairn_pipeline>(std::move(made)).release();
    return cairn::OkStatus();
  });
}

void cairn_pipeline_release(cairn_pipeline* pipeline) noexcept { Release(pipeline); }

cairn_status cairn_pipeline_run(cairn_pipeline* pipeline, int64_t timeout_ns,
                                cairn_attempt_fn attempt_fn, void* user_data, cairn_free_fn free_fn,
                                cairn_error** err) noexcept {
  HostData data(user_data, free_fn);
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(pipeline, "pipeline"));
    if (attempt_fn == nullptr) return cairn::Error(Code::kInvalidArgument, "attempt_fn is NULL");
    return pipeline->impl->Run(DeadlineIn(timeout_ns), [&](Attempt& attempt) {
      return MakeAttempt(attempt, attempt_fn, data.get());
    });
  });
}
