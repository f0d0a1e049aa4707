#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <exception>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/bytes.h"
#include "base/json.h"
#include "observe/log.h"

namespace cairn {
namespace {

/// "2024-02-29T23:59:59.123Z".
std::string Rfc3339(int64_t unix_ns) {
  int64_t ms = unix_ns / 1'000'000 - (unix_ns % 1'000'000 < 0 ? 1 : 0);
  int64_t fraction = ((ms % 1000) + 1000) % 1000;
  std::time_t seconds = static_cast<std::time_t>((ms - fraction) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(fraction));
  return text;
}

/// One spdlog logger of our own: it is never entered into spdlog's registry, which belongs to the
/// host.
class JsonLogSink final : public LogSink {
 public:
  JsonLogSink(spdlog::sink_ptr sink, LogLevel level, const Clock* clock)
      : level_(level), clock_(clock), logger_("cairn", std::move(sink)) {
    logger_.set_level(spdlog::level::trace);
    logger_.flush_on(spdlog::level::trace);
    logger_.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
    logger_.set_error_handler([](const std::string&) {});  // the default one prints
  }

  bool Enabled(LogLevel level) const override { return level >= level_ && level < LogLevel::kOff; }

  void Write(LogLevel level, std::string_view component, std::string_view message) override {
    if (!Enabled(level)) return;
    json::object record;
    record["ts"] = Rfc3339(clock_->UnixNs());
    record["level"] = LogLevelName(level);
    record["component"] = ToValidUtf8(component);
    record["message"] = ToValidUtf8(message);
    record["pid"] = static_cast<int64_t>(getpid());
    std::string line = json::serialize(record);
    logger_.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  const LogLevel level_;
  const Clock* const clock_;
  spdlog::logger logger_;
};

}  // namespace

Result<std::unique_ptr<LogSink>> MakeJsonLogSink(const std::string& target, LogLevel level,
                                                 const Clock* clock) {
  if (target.empty()) return Error(Code::kInvalidArgument, "the log target is empty");
  try {
    spdlog::sink_ptr sink;
    if (target == "stderr") {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(target, /*truncate=*/false);
    }
    return std::unique_ptr<LogSink>(std::make_unique<JsonLogSink>(std::move(sink), level, clock));
  } catch (const spdlog::spdlog_ex& error) {
    return Error(Code::kIoError, "cannot open the log ", target, ": ", error.what());
  }
}

}  // namespace cairn
