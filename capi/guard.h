#pragma once

#include <exception>
#include <new>
#include <utility>

#include "base/status.h"
#include "capi/error.h"

namespace cairn::capi {

/// Runs the body of an entry point, a function that returns Status, and turns its outcome, or the
/// exception that it left with, into a code and an error object. Nothing throws past it.
template <typename Body>
cairn_status Guard(cairn_error** err, Body&& body) noexcept {
  try {
    Status status = std::forward<Body>(body)();
    return status.ok() ? CAIRN_OK : Fail(status, err);
  } catch (const std::bad_alloc&) {
    return FailOutOfMemory(err);
  } catch (const std::exception& e) {
    return FailUnexpected(e.what(), err);
  } catch (...) {
    return FailUnexpected("not a std::exception", err);
  }
}

}  // namespace cairn::capi
