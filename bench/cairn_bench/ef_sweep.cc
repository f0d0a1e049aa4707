#include "cairn_bench/ef_sweep.h"

#include <cmath>

namespace cairn::bench {
namespace {

constexpr uint32_t kLastEf = 4000;
constexpr double kStep = 1.35;
constexpr double kFirstShare = 0.6;  // of k

uint32_t NextEf(uint32_t ef) { return static_cast<uint32_t>(std::ceil(ef * kStep)); }

}  // namespace

std::vector<RecallCurve> SweepEf(const std::vector<SweptEngine>& engines, const GroundTruth& truth,
                                 const SweepOptions& options, const OnSweepPoint& on_point) {
  const double answers = static_cast<double>(options.query_count * options.k);
  std::vector<RecallCurve> curves(engines.size(), RecallCurve(0.5 / answers));
  // Engines that cannot go below k measure k again.
  auto first = static_cast<uint32_t>(std::ceil(kFirstShare * static_cast<double>(options.k)));
  for (uint32_t ef = first; ef <= kLastEf; ef = NextEf(ef)) {
    std::vector<size_t> active;
    std::vector<SearchCall> calls;
    for (size_t i = 0; i < engines.size(); ++i) {
      if (curves[i].Reaches(options.top_recall)) continue;
      active.push_back(i);
      calls.push_back([&search = engines[i].search, ef](size_t query, uint32_t* rows_out) {
        return search(query, ef, rows_out);
      });
    }
    if (active.empty()) break;
    const std::vector<SearchTiming> timings =
        TimeSearches(calls, truth, options.query_count, options.k, options.repeats);
    for (size_t i = 0; i < active.size(); ++i) {
      curves[active[i]].Add(timings[i].recall, timings[i].qps);
      on_point(engines[active[i]], ef, timings[i]);
    }
  }
  return curves;
}

}  // namespace cairn::bench
