#pragma once

#include <limits>
#include <vector>

namespace cairn::bench {

/// Queries per second of one engine against its recall, points in the order of growing ef.
class RecallCurve {
 public:
  /// `resolution`: the smallest share of wrong answers that could be told from none.
  explicit RecallCurve(double resolution) : resolution_(resolution) {}

  void Add(double recall, double qps) { points_.push_back({recall, qps}); }
  bool Reaches(double recall) const;

  struct Estimate {
    double qps = std::numeric_limits<double>::quiet_NaN();  ///< no number = never reached
    bool bracketed = false;  ///< false: even the smallest ef has more recall, and its qps is given
  };
  /// At a recall, from the two points around its first crossing: the logarithm of qps is taken to
  /// be linear in the logarithm of 1 - recall.
  Estimate At(double recall) const;

 private:
  struct Point {
    double recall;
    double qps;
  };
  double LogError(double recall) const;

  double resolution_;
  std::vector<Point> points_;
};

}  // namespace cairn::bench
