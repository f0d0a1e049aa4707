#include "failure.h"

namespace cairn::cli {

cairn_error** ErrorSlot::out() {
  cairn_error_release(error_);
  error_ = nullptr;
  return &error_;
}

void Check(cairn_status status, const ErrorSlot& error) {
  if (status == CAIRN_OK) return;
  std::string message = error.message();
  if (message.empty()) message = cairn_status_name(status);
  throw Failure(status, std::move(message));
}

}  // namespace cairn::cli
