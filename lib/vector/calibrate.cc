#include "vector/calibrate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "kernels/distance.h"
#include "vector/code_scan.h"
#include "vector/segment_search.h"

namespace cairn::vector {
namespace {

constexpr size_t kQueries = 96;
constexpr size_t kNearest = 10;
constexpr uint32_t kBeams[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 900};
constexpr float kEnough = 0.9995f;

struct Trial {
  std::vector<float> query;
  std::vector<VectorHit> truth;
};

struct Answer {
  std::vector<VectorHit> hits;
  SearchWork work;
};

/// ef 0 = exact.
Answer Search(const Segment& segment, const float* query, size_t k, uint32_t ef,
              SearchScratch* scratch) {
  Answer answer;
  answer.hits.resize(k);
  BestHits best(answer.hits.data(), k, -std::numeric_limits<float>::infinity());
  SegmentQuery request;
  request.vector = query;
  request.k = k;
  request.ef = ef;
  request.keep_more = false;  // trials are easier than some queries: what it adds is left to those
  request.target_recall = ef == 0 ? 1.0f : 0.5f;
  SearchSegment(segment, RowMarks(), request, scratch, &best, &answer.work);
  answer.hits.resize(best.Finish());
  return answer;
}

/// A new point from the neighbourhood of a row: the mean of the row and its neighbours, plus their
/// differences from it with random signs, scaled to the spread of one of them. Such a point is as
/// far from the rows around it as a vector that is not in the segment.
Trial MakeTrial(const Segment& segment, uint32_t row, size_t number, SearchScratch* scratch) {
  const uint32_t dim = segment.rows.dim();
  std::vector<uint32_t> near = {row};
  const uint32_t* neighbours = segment.graph.Neighbours(row);
  for (uint32_t i = 0; i < kMaxDegree && neighbours[i] < segment.size(); ++i) {
    near.push_back(neighbours[i]);
  }
  auto count = static_cast<float>(near.size());
  std::vector<float> mean(dim);
  for (uint32_t other : near) {
    const float* v = segment.rows.Vector(other);
    for (uint32_t d = 0; d < dim; ++d) mean[d] += v[d] / count;
  }
  Trial trial;
  trial.query = mean;
  uint64_t signs = (number + 1) * 0x9E3779B97F4A7C15u;
  float weight = 1 / std::sqrt(count);
  for (uint32_t other : near) {
    signs ^= signs << 13;  // xorshift64 (Marsaglia, 2003)
    signs ^= signs >> 7;
    signs ^= signs << 17;
    float signed_weight = (signs >> 63) != 0 ? weight : -weight;
    const float* v = segment.rows.Vector(other);
    for (uint32_t d = 0; d < dim; ++d) trial.query[d] += signed_weight * (v[d] - mean[d]);
  }
  if (segment.quantizer.parameters().metric == Metric::kCosine &&
      !kernels::Normalize(trial.query.data(), dim)) {
    const float* own = segment.rows.Vector(row);
    std::copy(own, own + dim, trial.query.begin());
  }
  trial.truth = Search(segment, trial.query.data(), kNearest, 0, scratch).hits;
  return trial;
}

/// True when the row's nearest neighbour is a copy of it: what is easy to find says little.
bool HasCopy(const Segment& segment, uint32_t row) {
  uint32_t near = segment.graph.Neighbours(row)[0];
  if (near >= segment.size()) return false;
  const float* own = segment.rows.Vector(row);
  return std::equal(own, own + segment.rows.dim(), segment.rows.Vector(near));
}

/// Rows spread over the segment, without a copy where there are such.
uint32_t TrialRow(const Segment& segment, size_t number, size_t count) {
  auto begin = static_cast<uint32_t>(uint64_t{segment.size()} * number / count);
  auto end = static_cast<uint32_t>(uint64_t{segment.size()} * (number + 1) / count);
  for (uint32_t row = begin; row < end; ++row) {
    if (!HasCopy(segment, row)) return row;
  }
  return begin;
}

void ForEach(size_t count, ThreadPool* pool,
             const std::function<void(size_t, SearchScratch*)>& body) {
  std::atomic<size_t> next{0};
  auto work = [&](size_t) {
    SearchScratch scratch;
    for (size_t i; (i = next++) < count;) body(i, &scratch);
  };
  if (pool == nullptr) return work(0);
  pool->ParallelFor(pool->thread_count() + 1, work);
}

/// The mean less its standard error: what so few trials vouch for.
float LikelyLeast(const std::vector<double>& recalls) {
  auto count = static_cast<double>(recalls.size());
  double sum = 0;
  double squares = 0;
  for (double recall : recalls) {
    sum += recall;
    squares += recall * recall;
  }
  double mean = sum / count;
  double variance = std::max(0.0, squares / count - mean * mean);
  return static_cast<float>(mean - std::sqrt(variance / count));
}

/// How beams of growing width do.
Calibration TryBeams(const Segment& segment, const std::vector<Trial>& trials, ThreadPool* pool) {
  Calibration calibration;
  for (uint32_t ef : kBeams) {
    std::vector<double> recalls(trials.size());
    ForEach(trials.size(), pool, [&](size_t i, SearchScratch* scratch) {
      const Trial& trial = trials[i];
      Answer answer = Search(segment, trial.query.data(), kNearest, ef, scratch);
      float worst = trial.truth.empty() ? 0 : trial.truth.back().score;
      auto found = std::count_if(answer.hits.begin(), answer.hits.end(),
                                 [worst](const VectorHit& hit) { return hit.score >= worst; });
      auto wanted = static_cast<double>(std::max<size_t>(trial.truth.size(), 1));
      recalls[i] = static_cast<double>(found) / wanted;
    });
    calibration.points.push_back({ef, LikelyLeast(recalls)});
    if (calibration.points.back().recall >= kEnough) break;
  }
  return calibration;
}

}  // namespace

void Calibrate(ThreadPool* pool, Segment* segment) {
  segment->calibration = {};
  size_t count = std::min<size_t>(kQueries, segment->size() / 4);
  if (count == 0) return;
  std::vector<Trial> trials(count);
  ForEach(count, pool, [&](size_t i, SearchScratch* scratch) {
    trials[i] = MakeTrial(*segment, TrialRow(*segment, i, count), i, scratch);
  });
  segment->calibration = TryBeams(*segment, trials, pool);
}

}  // namespace cairn::vector
