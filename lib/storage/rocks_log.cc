#include "storage/rocks_log.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/status.h"

namespace cairn::storage {
namespace {

LogLevel LevelOf(rocksdb::InfoLogLevel level) {
  switch (level) {
    case rocksdb::WARN_LEVEL:
      return LogLevel::kWarning;
    case rocksdb::ERROR_LEVEL:
    case rocksdb::FATAL_LEVEL:
      return LogLevel::kError;
    default:
      return LogLevel::kDebug;
  }
}

/// The most talkative RocksDB level that the sink would take: the rest is not even formatted.
rocksdb::InfoLogLevel LevelFor(const LogSink* sink) {
  if (sink == nullptr) return rocksdb::FATAL_LEVEL;
  if (sink->Enabled(LogLevel::kDebug)) return rocksdb::INFO_LEVEL;
  return sink->Enabled(LogLevel::kWarning) ? rocksdb::WARN_LEVEL : rocksdb::ERROR_LEVEL;
}

}  // namespace

RocksLog::RocksLog(LogSink* sink) : rocksdb::Logger(LevelFor(sink)), sink_(sink) {}

void RocksLog::Logv(const char* format, va_list arguments) {
  Logv(rocksdb::INFO_LEVEL, format, arguments);
}

void RocksLog::Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  LogLevel ours = LevelOf(level);
  if (sink_ == nullptr || !sink_->Enabled(ours)) return;
  char line[1024];
  int length = std::vsnprintf(line, sizeof line, format, arguments);
  if (length <= 0) return;
  char* end = line + std::min<size_t>(static_cast<size_t>(length), sizeof line - 1);
  std::replace(line, end, '\n', ' ');
  Log(sink_, ours, "storage", std::string_view(line, static_cast<size_t>(end - line)));
}

void ErrorListener::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  Log(sink_, LogLevel::kError, "storage",
      StrCat("writing stopped, reading goes on: ", error->ToString()));
}

void ErrorListener::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                         bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace cairn::storage
