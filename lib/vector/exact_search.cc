#include "vector/exact_search.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <numeric>
#include <utility>

#include "kernels/distance.h"
#include "vector/document_filter.h"
#include "vector/score.h"
#include "vector/top_k.h"

namespace cairn::vector {
namespace {

constexpr size_t kMaxTileRows = 256;
constexpr size_t kTileBytes = 128 << 10;
constexpr size_t kMaxGroupQueries = 64;
constexpr size_t kParallelFloats = 4 << 20;  // below, handing out work costs more than it saves
constexpr size_t kMaxSplitK = 1000;          // above, merging costs more than splitting saves

struct RowRange {
  uint32_t begin;
  uint32_t end;
  uint32_t size() const { return end - begin; }
};

/// The rows of one tile that are to be scored: ascending runs, at most one per two rows.
struct Candidates {
  RowRange runs[kMaxTileRows / 2 + 1];
  size_t run_count = 0;
  uint32_t rows[kMaxTileRows];
  size_t row_count = 0;

  void AddAll(uint32_t begin, uint32_t end) {
    runs[0] = {begin, end};
    run_count = 1;
    row_count = end - begin;
    std::iota(rows, rows + row_count, begin);
  }
  void Add(uint32_t row) {
    if (run_count == 0 || runs[run_count - 1].end != row) runs[run_count++] = {row, row};
    ++runs[run_count - 1].end;
    rows[row_count++] = row;
  }
};

/// One search: what all its jobs share.
class Scan {
 public:
  Scan(const Snapshot& snapshot, const VectorIndexOptions& options, const float* queries,
       const DocumentFilter* filter)
      : snapshot_(snapshot),
        kernel_(kernels::ActiveKernel()),
        metric_(options.metric),
        dim_(options.dim),
        tile_rows_(std::clamp<size_t>(kTileBytes / (dim_ * sizeof(float)), 8, kMaxTileRows)),
        queries_(queries),
        filter_(filter) {}

  /// Offers the rows of the slots to `top`, which holds one list per query from `first_query` on.
  void Run(size_t first_slot, size_t last_slot, size_t first_query, TopK* top,
           size_t query_count) const {
    for (size_t slot = first_slot; slot < last_slot; ++slot) {
      const BlockEntry& entry = snapshot_.directory.At(slot);
      if (entry.live == 0) continue;
      for (size_t row = 0; row < entry.count; row += tile_rows_) {
        Candidates candidates;
        size_t end = std::min<size_t>(entry.count, row + tile_rows_);
        Collect(entry, static_cast<uint32_t>(row), static_cast<uint32_t>(end), &candidates);
        if (candidates.row_count == 0) continue;
        for (size_t i = 0; i < query_count; ++i) {
          ScoreTile(*entry.block, candidates, queries_ + (first_query + i) * dim_, top + i);
        }
      }
    }
  }

 private:
  void Collect(const BlockEntry& entry, uint32_t begin, uint32_t end, Candidates* out) const {
    if (!entry.dead && filter_ == nullptr) return out->AddAll(begin, end);
    for (uint32_t row = begin; row < end; ++row) {
      if (entry.dead && entry.dead->Test(row)) continue;
      if (filter_ != nullptr && !filter_->Test(entry.block->Doc(row))) continue;
      out->Add(row);
    }
  }

  void ScoreTile(const RowBlock& block, const Candidates& candidates, const float* query,
                 TopK* top) const {
    float scores[kMaxTileRows];
    auto score_rows = metric_ == Metric::kL2 ? kernel_.l2_squared_rows : kernel_.dot_rows;
    size_t done = 0;
    for (size_t i = 0; i < candidates.run_count; ++i) {
      const RowRange& run = candidates.runs[i];
      score_rows(query, block.Row(run.begin), run.size(), dim_, scores + done);
      done += run.size();
    }
    FinishScores(block, candidates, query, scores);
    float threshold = top->threshold();
    for (size_t i = 0; i < done; ++i) {
      if (scores[i] < threshold) continue;
      top->Offer({block.Chunk(candidates.rows[i]), scores[i]});
      threshold = top->threshold();
    }
  }

  /// From what the kernel computes to a score: finite, and higher is nearer.
  void FinishScores(const RowBlock& block, const Candidates& candidates, const float* query,
                    float* scores) const {
    size_t count = candidates.row_count;
    if (metric_ != Metric::kCosine && kernels::AllFinite(scores, count)) {
      if (metric_ == Metric::kInnerProduct) return;
      for (size_t i = 0; i < count; ++i) scores[i] = 0 - scores[i];
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      scores[i] = FinishScore(metric_, scores[i], query, block.Row(candidates.rows[i]), dim_);
    }
  }

  const Snapshot& snapshot_;
  const kernels::Kernel& kernel_;
  const Metric metric_;
  const size_t dim_;
  const size_t tile_rows_;
  const float* const queries_;
  const DocumentFilter* const filter_;
};

/// How a search is cut into jobs: groups of queries times ranges of slots.
struct Plan {
  size_t group_size = 1;
  size_t group_count = 1;
  size_t range_count = 1;
  size_t job_count() const { return group_count * range_count; }
};

Plan MakePlan(const Snapshot& snapshot, const VectorIndexOptions& options, size_t query_count,
              size_t k) {
  Plan plan;
  size_t fitting = kTileBytes / (options.dim * sizeof(float));
  plan.group_size = std::clamp<size_t>(fitting, 4, kMaxGroupQueries);
  size_t threads = options.pool == nullptr ? 1 : options.pool->thread_count() + 1;
  double floats = double(snapshot.live) * double(options.dim) * double(query_count);
  bool parallel = threads > 1 && floats >= double(kParallelFloats);
  plan.group_count = (query_count + plan.group_size - 1) / plan.group_size;
  if (parallel && k <= kMaxSplitK && plan.group_count < threads * 2) {
    size_t slots = std::max<size_t>(1, snapshot.directory.slot_count());
    plan.range_count = std::min(slots, threads * 2 / plan.group_count + 1);
  }
  return plan;
}

/// Runs the jobs, on the pool when there is more than one. Memory running out in a job is thrown on
/// in the calling thread.
void RunJobs(const Scan& scan, const Plan& plan, const Snapshot& snapshot, ThreadPool* pool,
             size_t query_count, std::vector<TopK>* tops) {
  std::atomic<bool> out_of_memory{false};
  size_t slots = snapshot.directory.slot_count();
  auto job = [&](size_t index) {
    size_t range = index / plan.group_count;
    size_t first_query = index % plan.group_count * plan.group_size;
    size_t count = std::min(plan.group_size, query_count - first_query);
    TopK* top = tops->data() + range * query_count + first_query;
    try {
      scan.Run(slots * range / plan.range_count, slots * (range + 1) / plan.range_count,
               first_query, top, count);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  if (pool != nullptr && plan.job_count() > 1) {
    pool->ParallelFor(plan.job_count(), job);
  } else {
    for (size_t i = 0; i < plan.job_count(); ++i) job(i);
  }
  if (out_of_memory) throw std::bad_alloc();
}

}  // namespace

Status SearchExact(const Snapshot& snapshot, const VectorIndexOptions& options,
                   const float* queries, size_t query_count, const SearchOptions& search,
                   std::vector<std::vector<VectorHit>>* hits_out) {
  CAIRN_RETURN_IF_ERROR(
      ValidateVectors(queries, query_count, options.dim, options.metric).WithContext("query"));
  std::vector<std::vector<VectorHit>> hits(query_count);
  size_t k = std::min<uint64_t>(search.k, snapshot.live);
  if (k != 0 && query_count != 0) {
    std::vector<float> units;
    if (options.metric == Metric::kCosine) {
      units.assign(queries, queries + query_count * options.dim);
      for (size_t i = 0; i < query_count; ++i) {
        kernels::Normalize(units.data() + i * options.dim, options.dim);
      }
      queries = units.data();
    }
    Plan plan = MakePlan(snapshot, options, query_count, k);
    std::vector<TopK> tops(plan.range_count * query_count, TopK(k));
    RunJobs(Scan(snapshot, options, queries, search.filter), plan, snapshot, options.pool,
            query_count, &tops);
    for (size_t i = 0; i < query_count; ++i) {
      for (size_t range = 1; range < plan.range_count; ++range) {
        tops[i].Merge(tops[range * query_count + i]);
      }
      hits[i] = tops[i].Take();
      std::erase_if(hits[i], [&](const VectorHit& hit) { return hit.score < search.min_score; });
    }
  }
  *hits_out = std::move(hits);
  return OkStatus();
}

}  // namespace cairn::vector
