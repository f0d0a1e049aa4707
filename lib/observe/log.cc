#include "observe/log.h"

namespace cairn {

void Log(LogSink* sink, LogLevel level, std::string_view component, std::string_view message) {
  if (sink != nullptr && sink->Enabled(level)) sink->Write(level, component, message);
}

}  // namespace cairn
