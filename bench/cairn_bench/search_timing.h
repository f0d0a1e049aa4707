#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "cairn_bench/ground_truth.h"

namespace cairn::bench {

/// Answers the query of that number: writes at most k rows, returns how many.
using SearchCall = std::function<size_t(size_t query, uint32_t* rows_out)>;

struct SearchTiming {
  double recall = 0;
  double hits_share = 0;  ///< rows returned, of min(k, matching)
  double qps = 0;         ///< median over the repetitions
  double p50_us = 0;      ///< over all searches of all repetitions
  double p99_us = 0;
  double busy_threads = 0;  ///< processor time per time passed: more than 1 = not one thread
};

/// Asks all the queries, one at a time, in the calling thread: first, untimed, once per call to see
/// how right the answers are; then at least `repeats` times each, the calls taking turns.
std::vector<SearchTiming> TimeSearches(const std::vector<SearchCall>& calls,
                                       const GroundTruth& truth, size_t query_count, size_t k,
                                       size_t repeats);

}  // namespace cairn::bench
