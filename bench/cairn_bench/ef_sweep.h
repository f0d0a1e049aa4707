#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cairn_bench/recall_curve.h"
#include "cairn_bench/search_timing.h"

namespace cairn::bench {

/// One engine (and perhaps one filter) as a sweep sees it.
struct SweptEngine {
  std::string name;
  std::function<size_t(size_t query, uint32_t ef, uint32_t* rows_out)> search;
};

struct SweepOptions {
  size_t query_count = 0;
  size_t k = 10;
  size_t repeats = 5;
  double top_recall = 0.99;  ///< an engine is swept until it gets there
};

using OnSweepPoint =
    std::function<void(const SweptEngine& engine, uint32_t ef, const SearchTiming& timing)>;

/// Measures the engines side by side for growing ef, from a little below k on, and leaves out those
/// that have reached the top recall; ends at an ef of 4000. Returns one curve per engine.
std::vector<RecallCurve> SweepEf(const std::vector<SweptEngine>& engines, const GroundTruth& truth,
                                 const SweepOptions& options, const OnSweepPoint& on_point);

}  // namespace cairn::bench
