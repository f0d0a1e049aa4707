#pragma once

#include <cstdarg>

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include "observe/log.h"

namespace cairn::storage {

/// Hands RocksDB's diary to our log sink, so that RocksDB never writes a LOG file of its own.
/// RocksDB's chatter counts as debug. Thread safety: thread-safe. Ownership: borrows the sink.
class RocksLog final : public rocksdb::Logger {
 public:
  explicit RocksLog(LogSink* sink);

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;

 private:
  LogSink* const sink_;
};

/// Reports the errors of background work, and keeps RocksDB from recovering from them by itself, in
/// threads of its own and at times of its own: the next commit does it (Instance::Write).
/// Thread safety: thread-safe. Ownership: borrows the sink.
class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(LogSink* sink) : sink_(sink) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  LogSink* const sink_;
};

}  // namespace cairn::storage
