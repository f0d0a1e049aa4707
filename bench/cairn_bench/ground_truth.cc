#include "cairn_bench/ground_truth.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/thread_pool.h"
#include "cairn_bench/exact_distance.h"

namespace cairn::bench {
namespace {

constexpr double kTolerance = 1e-5;
constexpr size_t kQueriesPerBlock = 16;
/// Kept beyond k, since the order of float distances is not quite the true one.
constexpr size_t kSpare = 16;

using Candidate = std::pair<float, uint32_t>;

/// The nearest rows of one query, a heap with the farthest on top.
class Nearest {
 public:
  explicit Nearest(size_t capacity) : capacity_(capacity) {}

  void Offer(float distance, uint32_t row) {
    const Candidate candidate(distance, row);
    if (heap_.size() == capacity_) {
      if (!(candidate < heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end());
  }
  const std::vector<Candidate>& heap() const { return heap_; }

 private:
  size_t capacity_;
  std::vector<Candidate> heap_;
};

double Tolerant(double distance) { return distance + kTolerance * std::abs(distance); }

}  // namespace

GroundTruth::GroundTruth(const Workload& workload, FilterOfQuery filter_of)
    : workload_(&workload),
      filter_of_(std::move(filter_of)),
      wanted_(workload.queries.count()),
      bound_(workload.queries.count()) {}

GroundTruth GroundTruth::Compute(const Workload& workload, FilterOfQuery filter_of) {
  GroundTruth truth(workload, std::move(filter_of));
  const size_t queries = workload.queries.count();
  ThreadPool pool(workload.threads - 1);
  pool.ParallelFor((queries + kQueriesPerBlock - 1) / kQueriesPerBlock, [&](size_t block) {
    const size_t first = block * kQueriesPerBlock;
    truth.ComputeBlock(first, std::min(queries, first + kQueriesPerBlock));
  });
  return truth;
}

GroundTruth GroundTruth::FromLists(const Workload& workload,
                                   const std::vector<std::vector<uint32_t>>& lists) {
  GroundTruth truth(workload, {});
  if (lists.size() < workload.queries.count()) {
    throw std::runtime_error("the ground truth has fewer lists than there are queries");
  }
  for (size_t query = 0; query < workload.queries.count(); ++query) {
    const std::vector<uint32_t>& list = lists[query];
    truth.wanted_[query] = std::min(workload.k, workload.base.count());
    if (list.size() < truth.wanted_[query]) throw std::runtime_error("the ground truth is short");
    double farthest = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < truth.wanted_[query]; ++i) {
      if (list[i] >= workload.base.count()) {
        throw std::runtime_error("the ground truth names a row that is not there");
      }
      farthest = std::max(farthest, truth.DistanceOf(query, list[i]));
    }
    truth.bound_[query] = Tolerant(farthest);
  }
  return truth;
}

void GroundTruth::ComputeBlock(size_t first_query, size_t end_query) {
  const VectorSet& base = workload_->base;
  std::vector<Nearest> nearest(end_query - first_query, Nearest(workload_->k + kSpare));
  for (uint32_t row = 0; row < base.count(); ++row) {
    for (size_t query = first_query; query < end_query; ++query) {
      const Bitmap* filter = FilterOf(query);
      if (filter != nullptr && !filter->Test(row)) continue;
      nearest[query - first_query].Offer(
          FastDistance(workload_->metric, workload_->queries.Row(query), base.Row(row), base.dim),
          row);
    }
  }
  for (size_t query = first_query; query < end_query; ++query) {
    std::vector<double> distances;
    for (const auto& [distance, row] : nearest[query - first_query].heap()) {
      distances.push_back(DistanceOf(query, row));
    }
    std::sort(distances.begin(), distances.end());
    wanted_[query] = std::min(workload_->k, distances.size());
    if (wanted_[query] > 0) bound_[query] = Tolerant(distances[wanted_[query] - 1]);
  }
}

double GroundTruth::Recall(size_t query, std::span<const uint32_t> rows) const {
  if (wanted_[query] == 0) return 1;
  const Bitmap* filter = FilterOf(query);
  size_t found = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= workload_->base.count()) continue;
    if (filter != nullptr && !filter->Test(rows[i])) continue;
    const auto same = rows.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(rows.begin(), same, rows[i]) != same) continue;
    if (DistanceOf(query, rows[i]) <= bound_[query]) ++found;
  }
  return static_cast<double>(std::min(found, wanted_[query])) / static_cast<double>(wanted_[query]);
}

double GroundTruth::DistanceOf(size_t query, uint32_t row) const {
  return ExactDistance(workload_->metric, workload_->queries.Row(query), workload_->base.Row(row),
                       workload_->base.dim);
}

}  // namespace cairn::bench
