#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cairn::vector {

/// What a segment's own vectors, tried as queries, showed: the recall that each beam width reaches
/// for the 10 nearest.
struct Calibration {
  struct Point {
    uint32_t ef = 0;
    float recall = 0;
  };
  std::vector<Point> points;  ///< ascending by ef

  /// The beam width for `k` results at `target` recall; 0 = the table does not reach it, so exact.
  uint32_t Ef(size_t k, float target) const;
};

}  // namespace cairn::vector
