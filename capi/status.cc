#include <cairn/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "capi/error.h"

struct cairn_error {
  cairn_status code;
  bool on_heap;
  const char* message;
  std::optional<uint64_t> index;
};

namespace cairn::capi {
namespace {

struct HeapError : cairn_error {
  HeapError(cairn_status failure_code, const Status& failure)
      : cairn_error{failure_code, true, nullptr, failure.index()}, text(failure.message()) {
    message = text.c_str();
  }
  HeapError(const HeapError&) = delete;
  HeapError& operator=(const HeapError&) = delete;

  const std::string text;
};

/// Given out when there is no memory for an error of its own; never freed, never changed.
constinit cairn_error out_of_memory{CAIRN_RESOURCE_EXHAUSTED, false, "out of memory", std::nullopt};

bool Wanted(cairn_error* const* err) { return err != nullptr && *err == nullptr; }

}  // namespace

cairn_status Fail(const Status& failure, cairn_error** err) noexcept {
  auto code = static_cast<cairn_status>(failure.code());
  if (!Wanted(err)) return code;
  try {
    *err = std::make_unique<HeapError>(code, failure).release();
    return code;
  } catch (...) {
    return FailOutOfMemory(err);
  }
}

cairn_status FailOutOfMemory(cairn_error** err) noexcept {
  if (Wanted(err)) *err = &out_of_memory;
  return CAIRN_RESOURCE_EXHAUSTED;
}

cairn_status FailUnexpected(std::string_view what, cairn_error** err) noexcept {
  try {
    return Fail(Error(Code::kInternal, "unexpected exception: ", what), err);
  } catch (...) {
    return FailOutOfMemory(err);
  }
}

}  // namespace cairn::capi

using cairn::Code;
using cairn::CodeName;

const char* cairn_status_name(cairn_status status) noexcept {
  return CodeName(static_cast<Code>(status)).data();
}

cairn_status cairn_error_code(const cairn_error* error) noexcept {
  return error == nullptr ? CAIRN_OK : error->code;
}

const char* cairn_error_message(const cairn_error* error) noexcept {
  return error == nullptr ? "" : error->message;
}

int32_t cairn_error_index(const cairn_error* error, uint64_t* index_out) noexcept {
  bool has_index = error != nullptr && error->index.has_value();
  if (index_out != nullptr) *index_out = has_index ? *error->index : 0;
  return has_index ? 1 : 0;
}

void cairn_error_release(cairn_error* error) noexcept {
  if (error != nullptr && error->on_heap) delete static_cast<cairn::capi::HeapError*>(error);
}
