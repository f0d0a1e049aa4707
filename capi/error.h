#pragma once

#include <cairn/status.h>

#include <string_view>

#include "base/status.h"

namespace cairn::capi {

/// Reports a failure: gives `*err` an error object and returns the code. A caller who wants no
/// error, or still holds an earlier one in `*err`, gets the code alone. When there is no memory for
/// the object both become "out of memory".
cairn_status Fail(const Status& failure, cairn_error** err) noexcept;

/// Reports that memory ran out, without needing any.
cairn_status FailOutOfMemory(cairn_error** err) noexcept;

/// Reports an exception that should not have come this far.
cairn_status FailUnexpected(std::string_view what, cairn_error** err) noexcept;

}  // namespace cairn::capi
