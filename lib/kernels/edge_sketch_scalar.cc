#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/kernel_list.h"

namespace cairn::kernels {
namespace {

/// In the order in which registers of eight are folded.
float SumOfSizes(const float* way) {
  float folded[8];
  for (size_t i = 0; i < 8; ++i) {
    folded[i] = std::fabs(way[i]) + (i + 8 < kSketchSigns ? std::fabs(way[i + 8]) : 0.0f);
  }
  for (size_t width = 4; width > 0; width /= 2) {
    for (size_t i = 0; i < width; ++i) folded[i] += folded[i + width];
  }
  return folded[0];
}

int ToByte(float value) {
  if (!(value > -128.0f)) return -128;  // nor NaN
  return static_cast<int>(std::lrint(std::min(value, 127.0f)));
}

}  // namespace

void ProjectCodeScalar(const uint8_t* code, size_t lanes, int32_t* sums) {
  std::fill(sums, sums + kProjections, 0);
  for (size_t chunk = 0; chunk + kProjectedLanes <= lanes; chunk += kProjectedLanes) {
    for (size_t k = 0; k < kProjections; ++k) {
      for (size_t i = 0; i < 8; ++i) sums[k] += code[chunk + 8 * k + i];
    }
  }
}

uint32_t PromisingEdgesScalar(const EdgeProbe& probe, const uint8_t* code, size_t lanes,
                              const uint8_t* sketch) {
  std::array<int32_t, kProjections> sums;
  ProjectCodeScalar(code, lanes, sums.data());
  std::array<float, kSketchSigns> way;
  for (size_t k = 0; k < kSketchSigns; ++k) way[k] = probe.query[k] - static_cast<float>(sums[k]);
  float scale = kSketchScale / std::max(SumOfSizes(way.data()), kSketchLeastSum);
  std::array<int, kSketchSigns> steps;
  for (size_t k = 0; k < kSketchSigns; ++k) steps[k] = ToByte(way[k] * scale);
  std::array<int, kSketchLevels> least;
  for (size_t i = 0; i < kSketchLevels; ++i) {
    float bound = probe.slope[i] - probe.reach * probe.inverse[i];
    least[i] = ToByte(bound * scale);
  }
  uint32_t promising = 0;
  for (size_t edge = 0; edge < kSketchEdges; ++edge) {
    auto bits = [&](size_t plane) {
      uint8_t byte = sketch[plane * kSketchPlaneBytes + edge % kSketchPlaneBytes];
      return static_cast<size_t>(edge < kSketchPlaneBytes ? byte & 15 : byte >> 4);
    };
    int sum = 0;
    for (size_t k = 0; k < kSketchSigns; ++k) {
      sum += (bits(k / 4) >> (k % 4) & 1) != 0 ? steps[k] : -steps[k];
    }
    if (sum > least[bits(kSketchPlanes - 1)]) promising |= uint32_t{1} << edge;
  }
  return promising;
}

}  // namespace cairn::kernels
