// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_ERROR_HPP_
#define CAIRN_CPP_ERROR_HPP_

#include <cairn/status.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace cairn {

/// A call that failed. what() is a sentence that says what failed, on what, with which values.
class Error : public std::runtime_error {
 public:
  Error(cairn_status code, const std::string& message,
        std::optional<std::uint64_t> index = std::nullopt)
      : std::runtime_error(message), code_(code), index_(index) {}

  /// CAIRN_NOT_FOUND and so on.
  cairn_status code() const noexcept { return code_; }
  /// Stable lower-case name of the code, e.g. "not_found".
  const char* code_name() const noexcept { return cairn_status_name(code_); }
  /// Index of the offending input of a batch call, when there is one.
  std::optional<std::uint64_t> index() const noexcept { return index_; }

 private:
  cairn_status code_;
  std::optional<std::uint64_t> index_;
};

namespace detail {

/// Receives the error object of one C call, and throws it.
class ErrorSlot {
 public:
  ErrorSlot() = default;
  ErrorSlot(const ErrorSlot&) = delete;
  ErrorSlot& operator=(const ErrorSlot&) = delete;
  ~ErrorSlot() { cairn_error_release(error_); }

  cairn_error** out() noexcept { return &error_; }

  void check(cairn_status status) const {
    if (status == CAIRN_OK) return;
    std::uint64_t index = 0;
    std::optional<std::uint64_t> offender;
    if (cairn_error_index(error_, &index) != 0) offender = index;
    throw Error(status, cairn_error_message(error_), offender);
  }

 private:
  cairn_error* error_ = nullptr;
};

}  // namespace detail
}  // namespace cairn

#endif  // CAIRN_CPP_ERROR_HPP_
