#include "vector/calibration.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace cairn::vector {
namespace {

constexpr double kMeasuredK = 10;
constexpr double kFloatNoise = 1e-3;  // of an interpolated width; not worth a step

/// The beam width for k results that is as good as `ef` is for 10. It grows faster than k where the
/// beam is near k, and slower where the beam is much wider, because a wide beam finds most of what
/// lies just beyond the first 10 too; both terms err on the wide side and equal `ef` at 10.
double Scaled(double ef, double k) {
  if (k <= kMeasuredK) return ef;
  double narrow = k + (ef - kMeasuredK) + (k - kMeasuredK) / 4;
  return std::max(narrow, ef * std::pow(k / kMeasuredK, 0.75));
}

double Interpolate(const Calibration::Point& below, const Calibration::Point& above,
                   double target) {
  double share = (target - below.recall) / (double{above.recall} - below.recall);
  return below.ef + share * (above.ef - below.ef);
}

}  // namespace

uint32_t Calibration::Ef(size_t k, float target) const {
  if (!(target < 1)) return 0;
  auto reached = std::find_if(points.begin(), points.end(),
                              [target](const Point& point) { return point.recall >= target; });
  if (reached == points.end()) return 0;
  double ef =
      reached == points.begin() ? reached->ef : Interpolate(*std::prev(reached), *reached, target);
  ef = Scaled(std::max(ef, kMeasuredK), static_cast<double>(k));
  return static_cast<uint32_t>(
      std::min<double>(std::ceil(ef - kFloatNoise), std::numeric_limits<uint32_t>::max()));
}

}  // namespace cairn::vector
