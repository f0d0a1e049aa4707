#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::bench {

/// One JSON object on one line, members in the order they are added.
class JsonLine {
 public:
  JsonLine& Text(std::string_view key, std::string_view value);
  JsonLine& Count(std::string_view key, uint64_t value);
  JsonLine& Flag(std::string_view key, bool value);
  /// Plain notation with at most that many decimals; null when it is no number.
  JsonLine& Number(std::string_view key, double value, int decimals);
  /// The members of another line as an object.
  JsonLine& Object(std::string_view key, const JsonLine& value);
  /// Adds the members of another line.
  JsonLine& Append(const JsonLine& more);
  /// mean_ms, p50_ms, p90_ms, p99_ms and max_ms of samples in seconds.
  JsonLine& Latencies(const std::vector<double>& seconds);

  /// Writes the line to standard output at once. Throws when that fails.
  void Print() const;

 private:
  JsonLine& Add(std::string_view key, std::string_view json);

  std::string members_;
};

}  // namespace cairn::bench
