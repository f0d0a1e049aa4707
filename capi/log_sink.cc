#include "capi/log_sink.h"

#include <string>
#include <string_view>
#include <utility>

namespace cairn::capi {
namespace {

class HostLogSink final : public LogSink {
 public:
  HostLogSink(cairn_log_fn log_fn, LogLevel level, HostData data)
      : log_fn_(log_fn), level_(level), data_(std::move(data)) {}

  bool Enabled(LogLevel level) const override { return log_fn_ != nullptr && level >= level_; }

  void Write(LogLevel level, std::string_view component, std::string_view message) override {
    if (!Enabled(level)) return;
    std::string component_text(component);
    std::string message_text(message);
    log_fn_(static_cast<int32_t>(level), component_text.c_str(), message_text.c_str(), data_.get());
  }

 private:
  const cairn_log_fn log_fn_;
  const LogLevel level_;
  const HostData data_;
};

}  // namespace

std::shared_ptr<LogSink> MakeHostLogSink(cairn_log_fn log_fn, int32_t level, HostData data) {
  return std::make_shared<HostLogSink>(log_fn, static_cast<LogLevel>(level), std::move(data));
}

}  // namespace cairn::capi
