#include "observe/log.h"

namespace cairn {

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "unknown";
}

void Log(LogSink* sink, LogLevel level, std::string_view component, std::string_view message) {
  if (sink != nullptr && sink->Enabled(level)) sink->Write(level, component, message);
}

CallbackLogSink::~CallbackLogSink() {
  if (free_ != nullptr) free_(user_data_);
}

bool CallbackLogSink::Enabled(LogLevel level) const {
  return function_ != nullptr && level >= level_ && level < LogLevel::kOff;
}

void CallbackLogSink::Write(LogLevel level, std::string_view component, std::string_view message) {
  if (!Enabled(level)) return;
  try {
    function_(level, component, message, user_data_);
  } catch (...) {
    // A log record is not worth the call that it is about.
  }
}

}  // namespace cairn
