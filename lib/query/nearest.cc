#include "query/nearest.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <optional>

#include "query/filter.h"
#include "vector/document_filter.h"
#include "vector/top_k.h"

namespace cairn::query {
namespace {

constexpr size_t kQueriesPerJob = 4;
constexpr size_t kExtraHits = 32;     // where documents have several chunks
constexpr size_t kFewDocuments = 32;  // which are compared one by one

/// The documents that a list holds already.
class SeenDocuments {
 public:
  /// At most `limit` documents will be added.
  SeenDocuments(std::vector<uint64_t>* slots, size_t limit) : slots_(*slots) {
    size_t size = limit <= kFewDocuments ? kFewDocuments : std::bit_ceil(2 * limit);
    if (slots_.size() < size) slots_.resize(size);
    hashed_ = limit > kFewDocuments;
    mask_ = size - 1;
    if (hashed_) std::fill_n(slots_.begin(), size, 0);
  }

  /// False when it was there.
  bool Add(DocNo doc) {
    uint64_t number = ToInt(doc);
    if (!hashed_) {
      if (std::find(slots_.begin(), slots_.begin() + count_, number) != slots_.begin() + count_) {
        return false;
      }
      slots_[static_cast<size_t>(count_++)] = number;
      return true;
    }
    constexpr uint64_t kGolden = 0x9E3779B97F4A7C15u;  // Fibonacci hashing
    for (size_t at = (number * kGolden) >> 20;; ++at) {
      uint64_t& slot = slots_[at & mask_];
      if (slot == number) return false;
      if (slot != 0) continue;
      slot = number;
      return true;
    }
  }

 private:
  std::vector<uint64_t>& slots_;
  size_t mask_ = 0;
  std::ptrdiff_t count_ = 0;
  bool hashed_ = false;
};

/// Keeps what counts of the first `count` hits, at most k of them, in their order. How many.
size_t KeepHits(const NearestRequest& request, size_t count, NearestScratch* scratch) {
  std::vector<vector::VectorHit>& hits = scratch->hits;
  SeenDocuments seen(&scratch->seen, request.by_document ? request.k : 0);
  size_t kept = 0;
  for (size_t i = 0; i < count && kept < request.k; ++i) {
    if (hits[i].chunk.doc == request.without) continue;
    if (request.by_document && !seen.Add(hits[i].chunk.doc)) continue;
    hits[kept++] = hits[i];
  }
  return kept;
}

/// One query: looks deeper until there are enough hits that count.
Status FindOne(const vector::VectorView& view, const NearestRequest& request,
               vector::SearchOptions options, const float* query, NearestScratch* scratch,
               size_t* kept_out, vector::SearchWork* work) {
  bool repeats = request.by_document && view.size() != view.document_count();
  size_t depth = (repeats ? 2 * request.k + kExtraHits : request.k) + request.without_chunks;
  for (depth = std::min(depth, view.size());; depth = std::min(4 * depth, view.size())) {
    if (scratch->hits.size() < depth) scratch->hits.resize(depth);
    options.k = depth;
    size_t count = 0;
    CAIRN_RETURN_IF_ERROR(view.SearchOne(query, options, scratch->hits.data(), &count, work));
    *kept_out = KeepHits(request, count, scratch);
    if (*kept_out == request.k || count < depth || depth == view.size()) return OkStatus();
  }
}

void FillRow(const std::vector<vector::VectorHit>& hits, size_t count, size_t row, size_t k,
             const NearestRows& rows) {
  rows.counts[row] = static_cast<uint32_t>(count);
  for (size_t i = 0; i < count; ++i) {
    rows.keys[row * k + i] = ToInt(hits[i].chunk.doc);
    rows.scores[row * k + i] = hits[i].score;
    if (rows.ordinals != nullptr) rows.ordinals[row * k + i] = hits[i].chunk.ordinal;
  }
}

/// Sorts the hits, each chunk with its best score alone.
void KeepBestOfChunk(std::vector<vector::VectorHit>* hits) {
  std::sort(hits->begin(), hits->end(), [](const auto& a, const auto& b) {
    return a.chunk != b.chunk ? a.chunk < b.chunk : a.score > b.score;
  });
  auto same = [](const auto& a, const auto& b) { return a.chunk == b.chunk; };
  hits->erase(std::unique(hits->begin(), hits->end(), same), hits->end());
  std::sort(hits->begin(), hits->end(), vector::Better);
}

/// All queries of one call.
class Batch {
 public:
  Batch(const SearchContext& context, const NearestRequest& request, const NearestRows& rows,
        NearestRun* run)
      : context_(context), request_(request), rows_(rows), run_(run) {
    options_.target_recall = request.target_recall;
    options_.ef = request.ef;
    options_.min_score = request.min_score;
  }

  Status Run() {
    CAIRN_RETURN_IF_ERROR(PrepareFilter());
    size_t count = request_.queries.size() / context_.dim;
    size_t jobs = (count + kQueriesPerJob - 1) / kQueriesPerJob;
    if (run_->pool == nullptr || jobs < 2) return RunRange(0, count, &run_->work);
    return RunJobs(count, jobs);
  }

 private:
  Status PrepareFilter() {
    if (request_.filter_json.empty()) return OkStatus();
    CAIRN_ASSIGN_OR_RETURN(Filter filter, Filter::Parse(request_.filter_json));
    if (filter.empty()) return OkStatus();
    CAIRN_ASSIGN_OR_RETURN(Bitmap allowed,
                           filter.Evaluate(*context_.store, context_.collection, context_.at));
    options_.filter = &filter_.emplace(std::move(allowed));
    return OkStatus();
  }

  Status RunRange(size_t begin, size_t end, vector::SearchWork* work) {
    NearestScratchPool::Lease scratch(run_->scratch);
    for (size_t i = begin; i < end; ++i) {
      vector::SearchWork own;
      size_t kept = 0;
      CAIRN_RETURN_IF_ERROR(FindOne(*context_.vectors, request_, options_,
                                    request_.queries.data() + i * context_.dim, scratch.get(),
                                    &kept, &own));
      FillRow(scratch->hits, kept, i, request_.k, rows_);
      work->Add(own);
    }
    return OkStatus();
  }

  Status RunJobs(size_t count, size_t jobs) {
    std::vector<vector::SearchWork> works(jobs);
    std::vector<Status> failures(jobs);
    std::atomic<bool> out_of_memory{false};
    run_->pool->ParallelFor(jobs, [&](size_t job) {
      try {
        size_t begin = job * kQueriesPerJob;
        failures[job] = RunRange(begin, std::min(count, begin + kQueriesPerJob), &works[job]);
      } catch (const std::bad_alloc&) {
        out_of_memory = true;
      }
    });
    if (out_of_memory) throw std::bad_alloc();
    for (size_t job = 0; job < jobs; ++job) {
      CAIRN_RETURN_IF_ERROR(std::move(failures[job]));
      run_->work.Add(works[job]);
    }
    return OkStatus();
  }

  const SearchContext& context_;
  const NearestRequest& request_;
  const NearestRows& rows_;
  NearestRun* const run_;
  std::optional<vector::DocumentFilter> filter_;
  vector::SearchOptions options_;
};

Status Check(const SearchContext& context, const NearestRequest& request) {
  if (context.dim == 0 || context.vectors == nullptr) {
    return Error(Code::kFailedPrecondition, context.vectors_missing.empty()
                                                ? "the collection has no vectors"
                                                : context.vectors_missing);
  }
  if (!(request.target_recall > 0) || request.target_recall > 1) {
    return Error(Code::kInvalidArgument, "target_recall is ", request.target_recall,
                 ", must be above 0 and at most 1");
  }
  if (request.min_score != request.min_score) {
    return Error(Code::kInvalidArgument, "min_score is not a number");
  }
  return vector::ValidateVectors(request.queries.data(), request.queries.size() / context.dim,
                                 context.dim, context.metric)
      .WithContext("query vector");
}

}  // namespace

Status FindNearest(const SearchContext& context, const NearestRequest& request,
                   const NearestRows& rows, NearestRun* run) {
  CAIRN_RETURN_IF_ERROR(Check(context, request));
  return Batch(context, request, rows, run).Run();
}

Status FindNearestToAny(const SearchContext& context, const NearestRequest& request,
                        const NearestRows& row, NearestRun* run) {
  CAIRN_RETURN_IF_ERROR(Check(context, request));
  size_t count = request.queries.size() / context.dim;
  if (count == 1) return Batch(context, request, row, run).Run();
  size_t k = request.k;
  std::vector<uint64_t> keys(count * k);
  std::vector<uint32_t> ordinals(count * k);
  std::vector<float> scores(count * k);
  std::vector<uint32_t> counts(count);
  NearestRows each{keys.data(), ordinals.data(), scores.data(), counts.data()};
  CAIRN_RETURN_IF_ERROR(Batch(context, request, each, run).Run());
  // Whatever is among the k best of the union is among the k best of one list.
  NearestScratchPool::Lease scratch(run->scratch);
  auto& hits = scratch->hits;
  hits.clear();
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i * k; j < i * k + counts[i]; ++j) {
      hits.push_back({{DocNo{keys[j]}, ordinals[j]}, scores[j]});
    }
  }
  KeepBestOfChunk(&hits);
  FillRow(hits, KeepHits(request, hits.size(), scratch.get()), 0, k, row);
  return OkStatus();
}

}  // namespace cairn::query
