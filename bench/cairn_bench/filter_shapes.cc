#include "cairn_bench/filter_shapes.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/thread_pool.h"

namespace cairn::bench {
namespace {

constexpr size_t kAnchors = 16;
constexpr uint64_t kSeed = 20;

std::vector<uint32_t> RowsByDistance(const Workload& workload, const float* anchor) {
  const size_t count = workload.base.count();
  std::vector<float> distances(count);
  for (size_t row = 0; row < count; ++row) {
    distances[row] =
        FastDistance(workload.metric, anchor, workload.base.Row(row), workload.base.dim);
  }
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](uint32_t a, uint32_t b) { return distances[a] < distances[b]; });
  return rows;
}

size_t NearestOf(const std::vector<const float*>& anchors, const Workload& workload,
                 const float* query) {
  const auto distance = [&](const float* anchor) {
    return FastDistance(workload.metric, query, anchor, workload.base.dim);
  };
  const auto nearest =
      std::min_element(anchors.begin(), anchors.end(),
                       [&](const float* a, const float* b) { return distance(a) < distance(b); });
  return static_cast<size_t>(nearest - anchors.begin());
}

}  // namespace

FilterShapes::FilterShapes(const Workload& workload)
    : workload_(workload), rows_by_distance_(kAnchors) {
  std::mt19937_64 random(kSeed);
  std::vector<const float*> anchors;
  for (size_t i = 0; i < kAnchors; ++i) {
    anchors.push_back(workload.base.Row(random() % workload.base.count()));
  }
  ThreadPool pool(workload.threads - 1);
  pool.ParallelFor(kAnchors,
                   [&](size_t i) { rows_by_distance_[i] = RowsByDistance(workload, anchors[i]); });
  for (size_t query = 0; query < workload.queries.count(); ++query) {
    anchor_of_query_.push_back(NearestOf(anchors, workload, workload.queries.Row(query)));
  }
}

const std::vector<std::string>& FilterShapes::Names() {
  static const std::vector<std::string> kNames = {"random", "and", "clustered", "anti"};
  return kNames;
}

std::vector<Bitmap> FilterShapes::Make(const std::string& shape, double pass_rate) const {
  if (shape == "random") return {ByChance(pass_rate, kSeed + 1)};
  if (shape == "and") {
    Bitmap both = ByChance(std::sqrt(pass_rate), kSeed + 2);
    both.And(ByChance(std::sqrt(pass_rate), kSeed + 3));
    return {both};
  }
  const size_t count = workload_.base.count();
  const auto passing = static_cast<size_t>(std::ceil(pass_rate * static_cast<double>(count)));
  std::vector<Bitmap> filters(kAnchors);
  for (size_t anchor = 0; anchor < kAnchors; ++anchor) {
    const std::vector<uint32_t>& rows = rows_by_distance_[anchor];
    for (size_t i = 0; i < passing; ++i) {
      filters[anchor].Set(shape == "clustered" ? rows[i] : rows[count - 1 - i]);
    }
  }
  return filters;
}

size_t FilterShapes::FilterOf(const std::string& shape, size_t query) const {
  return shape == "clustered" || shape == "anti" ? anchor_of_query_[query] : 0;
}

Bitmap FilterShapes::ByChance(double pass_rate, uint64_t seed) const {
  std::mt19937_64 random(seed);
  Bitmap filter;
  for (size_t row = 0; row < workload_.base.count(); ++row) {
    if (static_cast<double>(random() >> 11) * 0x1p-53 < pass_rate) filter.Set(row);
  }
  return filter;
}

}  // namespace cairn::bench
