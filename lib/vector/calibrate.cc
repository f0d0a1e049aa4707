#include "vector/calibrate.h"

#include <algorithm>
#include <atomic>
#include <memory>
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

std::vector<VectorHit> Search(const Segment& segment, const float* query, size_t k, uint32_t ef,
                              SearchScratch* scratch) {
  std::vector<VectorHit> hits(k);
  BestHits best(hits.data(), k, -std::numeric_limits<float>::infinity());
  SegmentQuery request;
  request.vector = query;
  request.k = k;
  request.ef = ef;
  request.target_recall = ef == 0 ? 1.0f : 0.5f;
  SearchWork work;
  SearchSegment(segment, RowMarks(), request, scratch, &best, &work);
  hits.resize(best.Finish());
  return hits;
}

/// Half way between a row and one of its near neighbours: close to the data, but not a part of it.
Trial MakeTrial(const Segment& segment, uint32_t row, size_t number, SearchScratch* scratch) {
  const uint32_t dim = segment.rows.dim();
  const float* own = segment.rows.Vector(row);
  const uint32_t* neighbours = segment.graph.Neighbours(row);
  uint32_t degree = 0;
  while (degree < kMaxDegree && neighbours[degree] < segment.size()) ++degree;
  const float* other = degree == 0 ? own : segment.rows.Vector(neighbours[number * 7 % degree]);
  Trial trial;
  trial.query.resize(dim);
  for (uint32_t d = 0; d < dim; ++d) trial.query[d] = 0.5f * (own[d] + other[d]);
  if (segment.quantizer.parameters().metric == Metric::kCosine &&
      !kernels::Normalize(trial.query.data(), dim)) {
    std::copy(own, own + dim, trial.query.begin());
  }
  trial.truth = Search(segment, trial.query.data(), kNearest, 0, scratch);
  return trial;
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

}  // namespace

Calibration Calibrate(const Segment& segment, ThreadPool* pool) {
  Calibration calibration;
  size_t count = std::min<size_t>(kQueries, segment.size() / 4);
  if (count == 0) return calibration;
  std::vector<Trial> trials(count);
  ForEach(count, pool, [&](size_t i, SearchScratch* scratch) {
    auto row = static_cast<uint32_t>(uint64_t{segment.size()} * i / count);
    trials[i] = MakeTrial(segment, row, i, scratch);
  });
  for (uint32_t ef : kBeams) {
    std::atomic<size_t> found{0};
    std::atomic<size_t> wanted{0};
    ForEach(count, pool, [&](size_t i, SearchScratch* scratch) {
      const Trial& trial = trials[i];
      std::vector<VectorHit> hits = Search(segment, trial.query.data(), kNearest, ef, scratch);
      float worst = trial.truth.empty() ? 0 : trial.truth.back().score;
      auto good = std::count_if(hits.begin(), hits.end(),
                                [worst](const VectorHit& hit) { return hit.score >= worst; });
      found += static_cast<size_t>(good);
      wanted += trial.truth.size();
    });
    float recall = static_cast<float>(found) / static_cast<float>(std::max<size_t>(wanted, 1));
    calibration.points.push_back({ef, recall});
    if (recall >= kEnough) break;
  }
  return calibration;
}

}  // namespace cairn::vector
