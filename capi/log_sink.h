#pragma once

#include <cairn/database.h>

#include <memory>

#include "capi/callback.h"
#include "observe/log.h"

namespace cairn::capi {

/// A sink that hands records of at least `level` to the host, and drops them when `log_fn` is NULL.
/// The host's data is freed with the sink.
std::shared_ptr<LogSink> MakeHostLogSink(cairn_log_fn log_fn, int32_t level, HostData data);

}  // namespace cairn::capi
