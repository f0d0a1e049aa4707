#include "cairn_bench/json_line.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <stdexcept>

#include "cairn_bench/metrics.h"

namespace cairn::bench {

JsonLine& JsonLine::Text(std::string_view key, std::string_view value) {
  return Add(key, boost::json::serialize(boost::json::string_view(value.data(), value.size())));
}

JsonLine& JsonLine::Count(std::string_view key, uint64_t value) {
  return Add(key, std::to_string(value));
}

JsonLine& JsonLine::Flag(std::string_view key, bool value) {
  return Add(key, value ? "true" : "false");
}

JsonLine& JsonLine::Number(std::string_view key, double value, int decimals) {
  if (!std::isfinite(value)) return Add(key, "null");
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return Add(key, text);
}

JsonLine& JsonLine::Object(std::string_view key, const JsonLine& value) {
  return Add(key, "{" + value.members_ + "}");
}

JsonLine& JsonLine::Append(const JsonLine& more) {
  if (!members_.empty() && !more.members_.empty()) members_ += ',';
  members_ += more.members_;
  return *this;
}

JsonLine& JsonLine::Latencies(const std::vector<double>& seconds) {
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const double count = static_cast<double>(std::max<size_t>(1, seconds.size()));
  constexpr int kDecimals = 4;
  Number("mean_ms", sum / count * 1e3, kDecimals);
  Number("p50_ms", Percentile(seconds, 50) * 1e3, kDecimals);
  Number("p90_ms", Percentile(seconds, 90) * 1e3, kDecimals);
  Number("p99_ms", Percentile(seconds, 99) * 1e3, kDecimals);
  return Number("max_ms", Percentile(seconds, 100) * 1e3, kDecimals);
}

JsonLine& JsonLine::Add(std::string_view key, std::string_view json) {
  if (!members_.empty()) members_ += ',';
  members_ += '"';
  members_ += key;
  members_ += "\":";
  members_ += json;
  return *this;
}

void JsonLine::Print() const {
  if (std::printf("{%s}\n", members_.c_str()) < 0 || std::fflush(stdout) != 0) {
    throw std::runtime_error("cannot write the output");
  }
}

}  // namespace cairn::bench
