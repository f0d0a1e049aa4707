#include "cairn_bench/recall_curve.h"

#include <algorithm>
#include <cmath>

namespace cairn::bench {

bool RecallCurve::Reaches(double recall) const {
  return std::any_of(points_.begin(), points_.end(),
                     [&](const Point& point) { return point.recall >= recall; });
}

RecallCurve::Estimate RecallCurve::At(double recall) const {
  for (size_t i = 0; i < points_.size(); ++i) {
    const Point& above = points_[i];
    if (above.recall < recall) continue;
    if (i == 0) return {above.qps, above.recall <= recall};
    const Point& below = points_[i - 1];
    const double span = LogError(above.recall) - LogError(below.recall);
    const double part = span == 0 ? 1 : (LogError(recall) - LogError(below.recall)) / span;
    const double weight = std::clamp(part, 0.0, 1.0);
    return {std::exp((1 - weight) * std::log(below.qps) + weight * std::log(above.qps)), true};
  }
  return {};
}

double RecallCurve::LogError(double recall) const {
  return std::log(std::max(1 - recall, resolution_));
}

}  // namespace cairn::bench
