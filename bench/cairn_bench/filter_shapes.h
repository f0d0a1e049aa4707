#pragma once

#include <string>
#include <vector>

#include "base/bitmap.h"
#include "cairn_bench/workload.h"

namespace cairn::bench {

/// Filters of every shape and pass rate over the rows of a workload.
///
/// - random: each row passes by chance;
/// - and: two independent fields, each passing at the square root of the rate;
/// - clustered: the rows nearest to an anchor near the query;
/// - anti: the rows farthest from it.
///
/// Anchors are rows drawn by chance; a query's is the one nearest to it. Made from a fixed seed.
///
/// Thread safety: thread-compatible. Ownership: borrows the workload.
class FilterShapes {
 public:
  explicit FilterShapes(const Workload& workload);

  static const std::vector<std::string>& Names();
  /// One filter per anchor; for `random` and `and` a single one.
  std::vector<Bitmap> Make(const std::string& shape, double pass_rate) const;
  /// Which of the filters that Make returned is this query's.
  size_t FilterOf(const std::string& shape, size_t query) const;

 private:
  Bitmap ByChance(double pass_rate, uint64_t seed) const;

  const Workload& workload_;
  std::vector<size_t> anchor_of_query_;
  std::vector<std::vector<uint32_t>> rows_by_distance_;  // one list per anchor, nearest first
};

}  // namespace cairn::bench
