#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "cairn_bench/workload.h"

namespace cairn::bench {

/// The filter of one query, by the query's number; null = all rows.
using FilterOfQuery = std::function<const Bitmap*(size_t query)>;

/// Says how many of a query's true nearest rows an answer holds, whatever rows it chose among
/// equals: a row counts when it matches the filter and is no farther than the k-th true neighbour,
/// with a tolerance of 1e-5 of that distance.
///
/// Thread safety: thread-compatible. Ownership: borrows the workload and the filters.
class GroundTruth {
 public:
  /// By comparing every query to every matching row, on `workload.threads` threads.
  static GroundTruth Compute(const Workload& workload, FilterOfQuery filter_of = {});
  /// From lists of true neighbours, nearest first, of all rows of the workload.
  static GroundTruth FromLists(const Workload& workload,
                               const std::vector<std::vector<uint32_t>>& lists);

  /// Share of the wanted rows that is among `rows`, each counted once; 1 when nothing is wanted.
  double Recall(size_t query, std::span<const uint32_t> rows) const;
  /// min(k, matching rows).
  size_t wanted(size_t query) const { return wanted_[query]; }

 private:
  GroundTruth(const Workload& workload, FilterOfQuery filter_of);
  void ComputeBlock(size_t first_query, size_t end_query);
  const Bitmap* FilterOf(size_t query) const { return filter_of_ ? filter_of_(query) : nullptr; }
  double DistanceOf(size_t query, uint32_t row) const;

  const Workload* workload_;
  FilterOfQuery filter_of_;
  std::vector<size_t> wanted_;
  std::vector<double> bound_;  // the farthest distance that still counts
};

}  // namespace cairn::bench
