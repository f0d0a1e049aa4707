#include "cairn_bench/search_timing.h"

#include <algorithm>
#include <chrono>

#include "cairn_bench/metrics.h"
#include "cairn_bench/processor_time.h"

namespace cairn::bench {
namespace {

/// Short passes are repeated until each call was measured that long, unless a single one was
/// wanted.
constexpr double kLeastSeconds = 0.1;

struct Samples {
  std::vector<double> pass_qps;
  std::vector<double> seconds;
  double passed = 0;
  double processor = 0;
};

void TimePass(const SearchCall& call, size_t query_count, uint32_t* rows, Samples* samples) {
  using Clock = std::chrono::steady_clock;
  samples->seconds.reserve(samples->seconds.size() + query_count);
  const double processor = ProcessorSeconds();
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  for (size_t query = 0; query < query_count; ++query) {
    call(query, rows);
    const Clock::time_point now = Clock::now();
    samples->seconds.push_back(std::chrono::duration<double>(now - last).count());
    last = now;
  }
  const double passed = std::chrono::duration<double>(last - start).count();
  samples->pass_qps.push_back(static_cast<double>(query_count) / passed);
  samples->passed += passed;
  samples->processor += ProcessorSeconds() - processor;
}

void Judge(const SearchCall& call, const GroundTruth& truth, size_t query_count, uint32_t* rows,
           SearchTiming* timing) {
  double recall = 0;
  size_t asked = 0;
  size_t returned = 0;
  size_t wanted = 0;
  for (size_t query = 0; query < query_count; ++query) {
    const size_t count = call(query, rows);
    if (truth.wanted(query) == 0) continue;
    ++asked;
    recall += truth.Recall(query, {rows, count});
    returned += count;
    wanted += truth.wanted(query);
  }
  timing->recall = asked > 0 ? recall / static_cast<double>(asked) : 1;
  timing->hits_share = wanted > 0 ? static_cast<double>(returned) / static_cast<double>(wanted) : 1;
}

}  // namespace

std::vector<SearchTiming> TimeSearches(const std::vector<SearchCall>& calls,
                                       const GroundTruth& truth, size_t query_count, size_t k,
                                       size_t repeats) {
  std::vector<uint32_t> rows(k);
  std::vector<SearchTiming> timings(calls.size());
  std::vector<Samples> samples(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    Judge(calls[i], truth, query_count, rows.data(), &timings[i]);
  }
  const auto too_short = [repeats](const Samples& taken) {
    return repeats > 1 && taken.passed < kLeastSeconds;
  };
  for (size_t repeat = 0;
       repeat < repeats || std::any_of(samples.begin(), samples.end(), too_short); ++repeat) {
    for (size_t turn = 0; turn < calls.size(); ++turn) {
      const size_t i = (turn + repeat) % calls.size();  // each comes first in its turn
      TimePass(calls[i], query_count, rows.data(), &samples[i]);
    }
  }
  for (size_t i = 0; i < calls.size(); ++i) {
    timings[i].qps = Percentile(samples[i].pass_qps, 50);
    timings[i].p50_us = Percentile(samples[i].seconds, 50) * 1e6;
    timings[i].p99_us = Percentile(samples[i].seconds, 99) * 1e6;
    timings[i].busy_threads = samples[i].passed > 0 ? samples[i].processor / samples[i].passed : 0;
  }
  return timings;
}

}  // namespace cairn::bench
