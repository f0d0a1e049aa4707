#include "cairn_bench/latency.h"

#include <algorithm>
#include <numeric>

#include "cairn_bench/metrics.h"

namespace cairn::bench {

void AddLatencies(const std::vector<double>& seconds, boost::json::object* line) {
  const auto milliseconds = [](double value) { return Rounded(value * 1e3, 3); };
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const double count = static_cast<double>(std::max<size_t>(1, seconds.size()));
  (*line)["mean_ms"] = milliseconds(sum / count);
  (*line)["p50_ms"] = milliseconds(Percentile(seconds, 50));
  (*line)["p90_ms"] = milliseconds(Percentile(seconds, 90));
  (*line)["p99_ms"] = milliseconds(Percentile(seconds, 99));
  (*line)["max_ms"] = milliseconds(Percentile(seconds, 100));
}

}  // namespace cairn::bench
