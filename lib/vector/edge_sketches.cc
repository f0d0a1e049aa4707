#include "vector/edge_sketches.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>
#include <vector>

#include "kernels/code_distance.h"
#include "vector/graph.h"

namespace cairn::vector {
namespace {

static_assert(kMaxDegree == kernels::kSketchEdges);

constexpr uint32_t kRowsPerJob = 512;
constexpr size_t kSampledRows = 2000;
constexpr size_t kComparedRows = 500;
// Where all directions are alike a few projections say little, and edges would be left out by
// chance. Seen: text of 128 dimensions 0.46, clusters that are round in 128 dimensions 0.29, in 768
// 0.15.
constexpr double kLeastAgreement = 0.38;
constexpr double kLongest = 0.995;  // of the edges have a level of their own
// An estimate from so few signs is rough, so the likeliest cosine is nearer to zero: the share is
// the square of their correlation (0.59 on walks through text).
constexpr float kTrust = 0.35f;

uint32_t CountNeighbours(const OwnedGraph& graph, uint32_t row) {
  const uint32_t* neighbours = graph.Neighbours(row);
  return static_cast<uint32_t>(std::find(neighbours, neighbours + kMaxDegree, kNoNeighbour) -
                               neighbours);
}

float Length(const uint8_t* a, const uint8_t* b, size_t lanes) {
  int64_t sum = 0;
  for (size_t begin = 0; begin < lanes; begin += kernels::kCodeLanes) {
    int32_t part = 0;
    for (size_t i = begin; i < begin + kernels::kCodeLanes; ++i) {
      auto difference = static_cast<int16_t>(a[i] - b[i]);
      part += difference * difference;
    }
    sum += part;
  }
  return std::sqrt(static_cast<float>(sum));
}

float LongestEdge(const OwnedGraph& graph) {
  std::vector<float> lengths;
  size_t rows = std::min<size_t>(graph.row_count, kSampledRows);
  for (size_t i = 0; i < rows; ++i) {
    auto row = static_cast<uint32_t>(uint64_t{graph.row_count} * i / rows);
    for (uint32_t j = 0; j < CountNeighbours(graph, row); ++j) {
      lengths.push_back(Length(graph.Code(row), graph.Code(graph.Neighbours(row)[j]), graph.lanes));
    }
  }
  if (lengths.empty()) return 0;
  auto rank = static_cast<ptrdiff_t>(static_cast<double>(lengths.size() - 1) * kLongest);
  std::nth_element(lengths.begin(), lengths.begin() + rank, lengths.end());
  return lengths[static_cast<size_t>(rank)];
}

void SketchRow(const OwnedGraph& graph, uint32_t row) {
  EdgeSketcher sketcher(graph, row);
  sketcher.Clear();
  uint32_t count = CountNeighbours(graph, row);
  for (uint32_t j = 0; j < count; ++j) {
    uint32_t other = graph.Neighbours(row)[j];
    sketcher.Write(j, other, Length(graph.Code(row), graph.Code(other), graph.lanes));
  }
}

/// Sums of two measures over some edges, and how well they go together.
struct Agreement {
  double xx = 0;
  double xy = 0;
  double yy = 0;

  /// Pairs of one row, each measure counted from its mean.
  void AddRow(const std::vector<std::pair<double, double>>& pairs) {
    double x_mean = 0;
    double y_mean = 0;
    for (const auto& [x, y] : pairs) {
      x_mean += x / static_cast<double>(pairs.size());
      y_mean += y / static_cast<double>(pairs.size());
    }
    for (const auto& [x, y] : pairs) {
      xx += (x - x_mean) * (x - x_mean);
      xy += (x - x_mean) * (y - y_mean);
      yy += (y - y_mean) * (y - y_mean);
    }
  }
  double Correlation() const { return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0; }
};

/// The cosine between the ways from `row` to `goal` and to its neighbours, and what the signs say
/// of it.
void CompareEdges(const OwnedGraph& graph, uint32_t row, uint32_t goal, Agreement* agreement) {
  const kernels::CodeKernel& kernel = kernels::ActiveCodeKernel();
  const uint8_t* from = graph.Code(row);
  const uint8_t* to = graph.Code(goal);
  int32_t own[kernels::kProjections];
  int32_t ahead[kernels::kProjections];
  kernel.project_code(from, graph.lanes, own);
  kernel.project_code(to, graph.lanes, ahead);
  std::vector<std::pair<double, double>> pairs;
  for (uint32_t j = 0; j < CountNeighbours(graph, row); ++j) {
    const uint8_t* other = graph.Code(graph.Neighbours(row)[j]);
    float length = Length(from, other, graph.lanes);
    if (length == 0) continue;
    int32_t theirs[kernels::kProjections];
    kernel.project_code(other, graph.lanes, theirs);
    double estimate = 0;
    for (size_t k = 0; k < kernels::kSketchSigns; ++k) {
      double way = ahead[k] - own[k];
      estimate += theirs[k] > own[k] ? way : -way;
    }
    double product = 0;
    for (size_t d = 0; d < graph.lanes; ++d) product += (to[d] - from[d]) * (other[d] - from[d]);
    pairs.emplace_back(estimate, product / static_cast<double>(length));
  }
  agreement->AddRow(pairs);
}

/// How well the signs tell the neighbours of a row apart, seen from rows two steps away: the
/// correlation of what they say with the truth.
double MeasureAgreement(const OwnedGraph& graph) {
  Agreement agreement;
  size_t rows = std::min<size_t>(graph.row_count, kComparedRows);
  for (size_t i = 0; i < rows; ++i) {
    auto row = static_cast<uint32_t>(uint64_t{graph.row_count} * i / rows);
    uint32_t count = CountNeighbours(graph, row);
    if (count == 0) continue;
    uint32_t near = graph.Neighbours(row)[count / 2];
    uint32_t beyond = CountNeighbours(graph, near);
    if (beyond == 0) continue;
    uint32_t goal = graph.Neighbours(near)[beyond - 1];
    if (goal != row) CompareEdges(graph, row, goal, &agreement);
  }
  return agreement.Correlation();
}

}  // namespace

EdgeScale EdgeScale::Of(float longest, const Quantizer& quantizer) {
  EdgeScale scale;
  scale.longest = longest;
  if (longest <= 0) return scale;
  scale.per_step = 1 / (quantizer.step() * quantizer.step());
  auto summed = static_cast<float>(quantizer.lanes() / kernels::kProjectedLanes * 8);
  auto dim = static_cast<float>(quantizer.parameters().dim);
  // Of a way of length 1 at an angle of cosine c to an edge, the sum of twelve projections with the
  // edge's signs is on average c * 12 * sqrt(2 summed / (pi dim)).
  float alpha = kTrust * std::sqrt(std::numbers::pi_v<float> * dim / (2 * summed)) /
                static_cast<float>(kernels::kSketchSigns);
  // An edge's end is at distance + length^2 - 2 length alpha sum; that is below a bound when
  // sum > length / (2 alpha) - (bound - distance) / (2 alpha length).
  for (size_t i = 0; i < kernels::kSketchLevels; ++i) {
    float length = (static_cast<float>(i) + 0.5f) * longest / kernels::kSketchLevels;
    scale.slope[i] = length / (2 * alpha);
    scale.inverse[i] = 1 / (2 * alpha * length);
  }
  return scale;
}

EdgeSketcher::EdgeSketcher(const OwnedGraph& graph, uint32_t row)
    : graph_(graph), sketch_(graph.Sketch(row)) {
  kernels::ActiveCodeKernel().project_code(graph.Code(row), graph.lanes, own_.data());
}

void EdgeSketcher::Clear() { std::memset(sketch_, 0, kernels::kSketchBytes); }

void EdgeSketcher::Write(uint32_t place, uint32_t other, float length) {
  std::array<int32_t, kernels::kProjections> theirs;
  kernels::ActiveCodeKernel().project_code(graph_.Code(other), graph_.lanes, theirs.data());
  uint32_t bits = 0;
  for (size_t k = 0; k < kernels::kSketchSigns; ++k) {
    bits |= static_cast<uint32_t>(theirs[k] > own_[k] ? 1 : 0) << k;
  }
  float level = length * (kernels::kSketchLevels / graph_.edges.longest);
  bits |= static_cast<uint32_t>(std::min(level, kernels::kSketchLevels - 1.0f))
          << kernels::kSketchSigns;
  const uint32_t shift = place < kernels::kSketchPlaneBytes ? 0 : 4;
  uint8_t* byte = sketch_ + place % kernels::kSketchPlaneBytes;
  for (size_t plane = 0; plane < kernels::kSketchPlanes; ++plane) {
    uint32_t kept = *byte & (0xF0u >> shift);
    *byte = static_cast<uint8_t>(kept | (bits >> (4 * plane) & 15) << shift);
    byte += kernels::kSketchPlaneBytes;
  }
}

void SketchEdges(const Quantizer& quantizer, ThreadPool* pool, OwnedGraph* graph) {
  if (!HasSketches(graph->code_bytes) || graph->width != CodeWidth::kSeven) return;
  if (MeasureAgreement(*graph) < kLeastAgreement) return;
  graph->edges = EdgeScale::Of(LongestEdge(*graph), quantizer);
  if (!graph->edges.exists()) return;
  uint32_t jobs = (graph->row_count + kRowsPerJob - 1) / kRowsPerJob;
  auto sketch = [graph](size_t job) {
    auto begin = static_cast<uint32_t>(job) * kRowsPerJob;
    uint32_t end = std::min(graph->row_count, begin + kRowsPerJob);
    for (uint32_t row = begin; row < end; ++row) SketchRow(*graph, row);
  };
  if (pool != nullptr) {
    pool->ParallelFor(jobs, sketch);
  } else {
    for (size_t job = 0; job < jobs; ++job) sketch(job);
  }
}

}  // namespace cairn::vector
