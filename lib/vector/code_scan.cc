#include "vector/code_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/code_distance.h"
#include "kernels/distance.h"
#include "vector/score.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kBatchRows = 32;  // scored together while the codes of others arrive
constexpr uint32_t kRowsAhead = 64;  // whose codes are on their way when all rows are scored
constexpr size_t kVectorsAhead = 8;  // asked for before they are needed
constexpr float kRoundingSlack = 1.0001f;

/// How far apart two numbers may lie that would be equal without rounding.
struct Noise {
  float distance = 0;  ///< between a vector and its rotation, as distances
  float squared = 0;   ///< of squared distances, from codes as from scores
};
Noise NoiseOf(const Segment& segment, const QueryCode& query, const float* vector) {
  constexpr float kUnit = 0x1p-24f;
  const Quantizer::Parameters& p = segment.quantizer.parameters();
  auto dim = static_cast<float>(p.dim);
  float length = std::sqrt(kernels::ActiveKernel().dot(vector, vector, p.dim));
  int32_t lanes = 0;
  for (int8_t lane : query.lanes) lanes += lane * lane;
  float coded = std::sqrt(static_cast<float>(lanes)) * query.weight / (2 * p.step);
  float terms = 254 * p.step * std::sqrt(dim) * coded + 2 * coded * coded;
  Noise noise{16 * kUnit * (length + coded), 8 * kUnit * terms};
  if (p.metric == Metric::kL2) return noise;
  float row = p.metric == Metric::kCosine ? 1.0f : std::sqrt(p.norm_bound);
  float product = (8 + dim / 4) * kUnit * length * row;
  noise.squared += 4 * product + 16 * kUnit * (length * length + row * row);
  return noise;
}

class CodeScan {
 public:
  CodeScan(const Segment& segment, const QueryCode& query, const Noise& noise, size_t k,
           SearchScratch* scratch)
      : graph_(segment.graph),
        query_(query),
        k_(k),
        doubt_(2 * kRoundingSlack * (query.error + segment.max_code_error + noise.distance)),
        noise_(noise.squared),
        scratch_(*scratch) {
    scratch_.found.clear();
    scratch_.scores.clear();
    if (scratch_.dots.size() < kBatchRows) scratch_.dots.resize(kBatchRows);
    if (scratch_.distances.size() < kBatchRows) scratch_.distances.resize(kBatchRows);
    score_ = graph_.width == CodeWidth::kSeven ? kernels::ActiveCodeKernel().dot7
                                               : kernels::ActiveCodeKernel().dot4;
  }

  /// All rows but the dead ones.
  void ScoreAll(const RowMarks& dead) {
    for (uint32_t row = 0; row < graph_.row_count; row += kBatchRows) {
      uint32_t end = std::min(row + kRowsAhead + kBatchRows, graph_.row_count);
      for (uint32_t next = row + kRowsAhead; next < end; ++next) graph_.PrefetchCode(next);
      ScoreRun(row, std::min(kBatchRows, graph_.row_count - row), dead);
    }
  }
  /// One row. It is scored after some more, or by ScoreRest.
  void Score(uint32_t row) {
    graph_.PrefetchCode(row);
    graph_.PrefetchBias(row);
    ahead_[ahead_count_++] = row;
    if (ahead_count_ == kBatchRows) ScoreBatch();
  }
  void ScoreRest() {
    ScoreBatch();
    ScoreBatch();
  }
  /// Leaves in scratch->found what may be among the k nearest, nearest code first.
  void Finish() {
    auto& found = scratch_.found;
    std::erase_if(found, [this](const Candidate& c) { return c.distance > limit_; });
    std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
      return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
    });
  }

 private:
  void ScoreRun(uint32_t first, uint32_t count, const RowMarks& dead) {
    int32_t* dots = scratch_.dots.data();
    float* distances = scratch_.distances.data();
    score_(query_.lanes.data(), {graph_.Code(first), graph_.stride, nullptr}, count, graph_.lanes,
           dots);
    const float* bias = graph_.bias + first;
    for (uint32_t i = 0; i < count; ++i) distances[i] = Distance(bias[i], dots[i]);
    // Few are within the limit, and a batch without any is passed over without a branch for each.
    uint32_t within = 0;
    for (uint32_t i = 0; i < count; ++i) within += distances[i] <= limit_ ? 1 : 0;
    if (within == 0) return;
    for (uint32_t i = 0; i < count; ++i) {
      if (distances[i] <= limit_ && !dead.Test(first + i)) Note(distances[i], first + i);
    }
  }
  /// Scores the rows whose codes have had time to arrive.
  void ScoreBatch() {
    int32_t* dots = scratch_.dots.data();
    score_(query_.lanes.data(), {graph_.blocks, graph_.stride, due_.data()}, due_count_,
           graph_.lanes, dots);
    for (uint32_t i = 0; i < due_count_; ++i) {
      float distance = Distance(graph_.bias[due_[i]], dots[i]);
      if (distance <= limit_) Note(distance, due_[i]);
    }
    std::swap(due_, ahead_);
    due_count_ = std::exchange(ahead_count_, 0);
  }
  float Distance(float bias, int32_t dot) const {
    return bias - query_.weight * static_cast<float>(dot) + query_.constant;
  }
  /// `scores` is a heap of the k smallest distances so far, the largest on top.
  void Note(float distance, uint32_t row) {
    auto& nearest = scratch_.scores;
    auto& found = scratch_.found;
    found.push_back({distance, row});
    if (nearest.size() == k_) {
      if (distance >= nearest.front()) return;
      std::pop_heap(nearest.begin(), nearest.end());
      nearest.back() = distance;
    } else {
      nearest.push_back(distance);
    }
    std::push_heap(nearest.begin(), nearest.end());
    if (nearest.size() < k_) return;
    float reach = std::sqrt(std::max(0.0f, nearest.front()) + noise_) + doubt_;
    limit_ = reach * reach * kRoundingSlack + noise_;
    if (found.size() < 4096 || found.size() < 2 * kept_) return;
    std::erase_if(found, [this](const Candidate& c) { return c.distance > limit_; });
    kept_ = found.size();
  }

  const Graph& graph_;
  const QueryCode& query_;
  const size_t k_;
  const float doubt_;  // by how much a distance may be wrong, at both ends of a comparison
  const float noise_;  // by how much a squared one may be
  SearchScratch& scratch_;
  void (*score_)(const int8_t*, const kernels::CodeRows&, size_t, size_t, int32_t*);
  float limit_ = std::numeric_limits<float>::infinity();
  size_t kept_ = 0;
  std::array<uint32_t, kBatchRows> due_;    // rows whose codes were asked for before those of
  std::array<uint32_t, kBatchRows> ahead_;  // these
  uint32_t due_count_ = 0;
  uint32_t ahead_count_ = 0;
};

/// The squared distance that a vector of this score has, in the scale of codes.
float SquaredDistanceOf(const Quantizer::Parameters& p, float score, float query_length) {
  if (p.metric == Metric::kL2) return -score;
  float bound = p.metric == Metric::kCosine ? 1.0f : p.norm_bound;
  return std::max(0.0f, query_length + bound - 2 * score);
}

}  // namespace

void ScanExactly(const Segment& segment, const RowMarks& dead, const RowSet* allowed,
                 const float* query, size_t k, SearchScratch* scratch, BestHits* hits,
                 SearchWork* work) {
  Noise noise = NoiseOf(segment, scratch->query, query);
  CodeScan scan(segment, scratch->query, noise, k, scratch);
  if (allowed == nullptr) {
    scan.ScoreAll(dead);
    work->codes_scored += segment.size();
  } else {
    for (size_t word = 0; word < allowed->words.size(); ++word) {
      for (uint64_t bits = allowed->words[word]; bits != 0; bits &= bits - 1) {
        auto row = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
        if (dead.Test(row)) continue;
        scan.Score(row);
        ++work->codes_scored;
      }
    }
    scan.ScoreRest();
  }
  scan.Finish();
  const Quantizer::Parameters& p = segment.quantizer.parameters();
  float length =
      p.metric == Metric::kInnerProduct ? kernels::ActiveKernel().dot(query, query, p.dim) : 1.0f;
  float doubt = kRoundingSlack * (scratch->query.error + segment.max_code_error + noise.distance);
  const auto& found = scratch->found;
  for (size_t i = 0; i < found.size(); ++i) {
    const Candidate& candidate = found[i];
    if (i + kVectorsAhead < found.size()) segment.rows.Prefetch(found[i + kVectorsAhead].row);
    if (hits->full()) {
      float nearest = std::sqrt(std::max(0.0f, candidate.distance - noise.squared)) - doubt;
      float worst = SquaredDistanceOf(p, hits->threshold(), length) + noise.squared;
      if (nearest > std::sqrt(worst) * kRoundingSlack) break;
    }
    ++work->vectors_scored;
    const float* row = segment.rows.Vector(candidate.row);
    hits->Offer({segment.rows.Chunk(candidate.row), Score(p.metric, query, row, p.dim)});
  }
}

}  // namespace cairn::vector
