#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::kernels {

/// A row of a graph tells in 64 bytes where its up to 32 edges lead: of each edge the signs of 12
/// projections and one of 16 levels of length, four bits together. Byte i of plane p holds edge i
/// in its low half and edge i + 16 in its high half; planes 0 to 2 are signs, plane 3 is levels.
constexpr size_t kSketchEdges = 32;
constexpr size_t kSketchSigns = 12;
constexpr size_t kSketchPlanes = 4;
constexpr size_t kSketchPlaneBytes = kSketchEdges / 2;
constexpr size_t kSketchBytes = kSketchPlanes * kSketchPlaneBytes;
constexpr size_t kSketchLevels = 16;

/// Codes are projected in chunks of 128 dimensions; shorter ones have no sketches.
constexpr size_t kProjectedLanes = 128;
constexpr size_t kProjections = 16;

/// Sum k: of bytes 8k to 8k + 7 of every whole chunk of a code. Of randomly rotated vectors these
/// are random projections.
using ProjectCodeFunction = void(const uint8_t* code, size_t lanes, int32_t* sums);

/// Steps that the largest sum has: 127 less what rounding twelve numbers may add. A largest sum
/// below kSketchLeastSum counts as that.
constexpr float kSketchScale = 120;
constexpr float kSketchLeastSum = 1e-30f;

/// What a query asks of the edges of one row.
struct EdgeProbe {
  const float* query;    ///< kProjections sums of the query's, in the scale of ProjectCodeFunction
  const float* slope;    ///< kSketchLevels: see PromisingEdgesFunction
  const float* inverse;  ///< kSketchLevels
  float reach;
};

/// Bit j is set when the signs of edge j agree with the way to the query well enough for its level:
///   sum over k < kSketchSigns of sign_jk * (query[k] - sums(code)[k])
///     > slope[level_j] - reach * inverse[level_j]
/// with both sides rounded to steps of 1 / kSketchScale of the largest sum that is possible. Every
/// instruction set rounds alike.
using PromisingEdgesFunction = uint32_t(const EdgeProbe& probe, const uint8_t* code, size_t lanes,
                                        const uint8_t* sketch);

}  // namespace cairn::kernels
