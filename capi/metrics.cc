#include <cairn/metrics.h>

#include <memory>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/resilience_handles.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Status;

cairn_status cairn_metrics_create(cairn_metrics** metrics_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(metrics_out, "metrics_out"));
    *metrics_out = std::make_unique<cairn_metrics>().release();
    return cairn::OkStatus();
  });
}

cairn_metrics* cairn_metrics_retain(cairn_metrics* metrics) noexcept { return Retain(metrics); }

void cairn_metrics_release(cairn_metrics* metrics) noexcept { Release(metrics); }

cairn_status cairn_metrics_text(const cairn_metrics* metrics, cairn_buffer** text_out,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(text_out, "text_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(metrics, "metrics"));
    *text_out = std::make_unique<cairn_buffer>(metrics->registry->ToPrometheusText()).release();
    return cairn::OkStatus();
  });
}
