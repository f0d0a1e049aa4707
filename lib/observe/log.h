#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace cairn {

enum class LogLevel : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3, kOff = 4 };

/// "debug", "info", "warning", "error" or "off".
std::string_view LogLevelName(LogLevel level);

/// Where log records go. The library writes nowhere by itself: without a sink it is silent.
/// Thread safety: implementations must be thread-safe. No lock of ours is held during Write.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  /// `component` is a lib folder's name; `message` is one line.
  virtual void Write(LogLevel level, std::string_view component, std::string_view message) = 0;
};

/// Writes when there is a sink and it wants the level. Build the message with StrCat.
void Log(LogSink* sink, LogLevel level, std::string_view component, std::string_view message);

/// A sink that appends one JSON object a line, with the fields ts (RFC 3339, UTC), level,
/// component, message and pid. Malformed UTF-8 is replaced. Each line is handed to the operating
/// system before Write returns; what cannot be written is dropped.
///
/// `target` is "stderr" or the path of a file, made with its folders when absent. `level` is the
/// lowest that is written. kInvalidArgument for an empty target, kIoError when it cannot be opened.
/// The clock is borrowed.
Result<std::unique_ptr<LogSink>> MakeJsonLogSink(const std::string& target, LogLevel level,
                                                 const Clock* clock = Clock::System());

/// Hands records to a function of the host, in the thread that logs. The function may be called
/// from several threads at once; what it throws is dropped.
///
/// Thread safety: thread-safe. Ownership: calls `free` (which may be null) on `user_data` once,
/// when destroyed.
class CallbackLogSink final : public LogSink {
 public:
  using Function = void (*)(LogLevel level, std::string_view component, std::string_view message,
                            void* user_data);
  using Free = void (*)(void* user_data);

  CallbackLogSink(LogLevel level, Function function, void* user_data, Free free)
      : level_(level), function_(function), user_data_(user_data), free_(free) {}
  ~CallbackLogSink() override;
  CallbackLogSink(const CallbackLogSink&) = delete;
  CallbackLogSink& operator=(const CallbackLogSink&) = delete;

  bool Enabled(LogLevel level) const override;
  void Write(LogLevel level, std::string_view component, std::string_view message) override;

 private:
  const LogLevel level_;
  const Function function_;
  void* const user_data_;
  const Free free_;
};

}  // namespace cairn
