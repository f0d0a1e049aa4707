#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

enum class LogLevel : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3, kOff = 4 };

/// Where log records go. The library writes nowhere by itself: without a sink it is silent.
/// Thread safety: implementations must be thread-safe. No lock of ours is held during Write.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  /// `component` is a lib folder's name; `message` is one line.
  virtual void Write(LogLevel level, std::string_view component, std::string_view message) = 0;
};

/// Writes when there is a sink and it wants the level. `parts` as for StrCat.
void Log(LogSink* sink, LogLevel level, std::string_view component, std::string_view message);

}  // namespace cairn
