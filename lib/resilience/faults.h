#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::resilience {

/// Collects everything that is wrong with a set of settings, so that all of it is told at once.
///
/// Thread safety: thread-compatible.
class Faults {
 public:
  /// Notes a fault, put together from its parts, where `is_fault`.
  template <typename... Parts>
  void AddIf(bool is_fault, const Parts&... parts) {
    if (!is_fault) return;
    if (!text_.empty()) text_ += "; ";
    text_ += StrCat(parts...);
  }

  /// OK without faults, else invalid_argument: "subject: first; second".
  Status ToStatus(std::string_view subject) const {
    if (text_.empty()) return OkStatus();
    return Error(Code::kInvalidArgument, subject, ": ", text_);
  }

 private:
  std::string text_;
};

}  // namespace cairn::resilience
