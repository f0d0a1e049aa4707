#pragma once

#include <cairn/status.h>

#include <exception>
#include <string>
#include <string_view>

namespace cairn::cli {

/// Exit codes; part of the tool's interface.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;          ///< the command line is wrong: fix it
inline constexpr int kExitInterrupted = 130;  ///< stopped by Ctrl-C

/// Ends a command with a sentence for the person who ran it. Thrown within the tool only.
class Failure : public std::exception {
 public:
  Failure(cairn_status code, std::string message) : code_(code), message_(std::move(message)) {}

  cairn_status code() const { return code_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }
  /// kExitUsage for an invalid argument, which no other state of the world makes right.
  int exit_code() const { return code_ == CAIRN_INVALID_ARGUMENT ? kExitUsage : kExitFailure; }

 private:
  cairn_status code_;
  std::string message_;
};

/// Thrown when nobody reads our output any more: the tool ends without a word.
struct BrokenPipe {};

/// Receives the error object of a call of the library.
class ErrorSlot {
 public:
  ErrorSlot() = default;
  ~ErrorSlot() { cairn_error_release(error_); }
  ErrorSlot(const ErrorSlot&) = delete;
  ErrorSlot& operator=(const ErrorSlot&) = delete;

  /// For the `err` argument; drops what was there before.
  cairn_error** out();
  const char* message() const { return cairn_error_message(error_); }

 private:
  cairn_error* error_ = nullptr;
};

/// Throws the error in the slot as a Failure unless the status is OK.
void Check(cairn_status status, const ErrorSlot& error);

}  // namespace cairn::cli
