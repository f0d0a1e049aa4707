#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <vector>

namespace cairn::bench {

/// Seconds since it was made.
class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Adds mean_ms, p50_ms, p90_ms, p99_ms and max_ms of samples in seconds.
void AddLatencies(const std::vector<double>& seconds, boost::json::object* line);

}  // namespace cairn::bench
