#include "vector/segmented_view.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "kernels/distance.h"
#include "vector/document_count.h"
#include "vector/fresh_search.h"
#include "vector/segment_search.h"

namespace cairn::vector {
namespace {

constexpr size_t kFirstRangeHits = 64;
constexpr size_t kMinQueriesPerJob = 8;

Status CheckOptions(const SearchOptions& options) {
  if (!(options.target_recall > 0) || options.target_recall > 1) {
    return Error(Code::kInvalidArgument, "target_recall is ", options.target_recall,
                 ", must be above 0 and at most 1");
  }
  return OkStatus();
}

}  // namespace

uint64_t SegmentedView::CountDocuments(const DocumentFilter& filter) const {
  // The rows of a document are added together, so they are all in one part.
  uint64_t count = vector::CountDocuments(*state_->active, filter);
  if (state_->frozen != nullptr) count += vector::CountDocuments(*state_->frozen, filter);
  for (const SealedPart& part : state_->sealed) {
    count += vector::CountDocuments(*part.segment, part.dead, filter.RowsOf(part.segment).get());
  }
  return count;
}

size_t SegmentedView::Run(const float* query, size_t k, const SearchOptions& options,
                          SearchScratch* scratch, VectorHit* hits_out, SearchWork* work) const {
  BestHits hits(hits_out, k, options.min_score);
  SegmentQuery request;
  request.vector = query;
  request.k = k;
  request.target_recall = options.target_recall;
  request.ef = options.ef;
  work->segments = static_cast<uint32_t>(state_->sealed.size()) + (state_->active->live > 0) +
                   (state_->frozen != nullptr && state_->frozen->live > 0);
  // The largest last, so that it is the one that the mode and ef reported are of.
  for (size_t i = state_->sealed.size(); i-- > 0;) {
    const SealedPart& part = state_->sealed[i];
    RowSetPtr allowed;
    if (options.filter != nullptr) {
      allowed = options.filter->RowsOf(part.segment);
      request.allowed = allowed.get();
    }
    SearchSegment(*part.segment, part.dead, request, scratch, &hits, work);
  }
  SearchFresh(*state_->active, options_.metric, options_.dim, query, options.filter, scratch, &hits,
              work);
  if (state_->frozen != nullptr) {
    SearchFresh(*state_->frozen, options_.metric, options_.dim, query, options.filter, scratch,
                &hits, work);
  }
  return hits.Finish();
}

Status SegmentedView::SearchOne(const float* query, const SearchOptions& options,
                                VectorHit* hits_out, size_t* count_out, SearchWork* work) const {
  *count_out = 0;
  CAIRN_RETURN_IF_ERROR(CheckOptions(options));
  CAIRN_RETURN_IF_ERROR(
      ValidateVectors(query, 1, options_.dim, options_.metric).WithContext("query"));
  size_t k = std::min<uint64_t>(options.k, state_->live());
  if (k == 0) return OkStatus();
  ScratchPool::Lease scratch(scratch_.get());
  if (options_.metric == Metric::kCosine) {
    scratch->unit.assign(query, query + options_.dim);
    kernels::Normalize(scratch->unit.data(), options_.dim);
    query = scratch->unit.data();
  }
  SearchWork own;
  if (work == nullptr) work = &own;
  // Of a range nobody knows how much there is: look further while everything found lies in it.
  bool range = options.min_score > -std::numeric_limits<float>::infinity();
  size_t reach = range ? std::min(k, kFirstRangeHits) : k;
  for (;;) {
    *count_out = Run(query, reach, options, scratch.get(), hits_out, work);
    if (*count_out < reach || reach == k) return OkStatus();
    reach = std::min(k, reach * 4);
  }
}

Status SegmentedView::Search(const float* queries, size_t query_count, const SearchOptions& options,
                             std::vector<std::vector<VectorHit>>* hits_out,
                             SearchWork* work) const {
  CAIRN_RETURN_IF_ERROR(CheckOptions(options));
  CAIRN_RETURN_IF_ERROR(
      ValidateVectors(queries, query_count, options_.dim, options_.metric).WithContext("query"));
  std::vector<std::vector<VectorHit>> hits(query_count);
  size_t k = std::min<uint64_t>(options.k, state_->live());
  std::vector<SearchWork> works(query_count);
  std::atomic<bool> out_of_memory{false};
  auto search = [&](size_t i) {
    size_t count = 0;
    hits[i].resize(k);
    SearchOne(queries + i * options_.dim, options, hits[i].data(), &count, &works[i])
        .IgnoreError("the queries and options are valid");
    hits[i].resize(count);
  };
  size_t jobs = (query_count + kMinQueriesPerJob - 1) / kMinQueriesPerJob;
  auto run = [&](size_t job) {
    try {
      size_t end = std::min(query_count, (job + 1) * kMinQueriesPerJob);
      for (size_t i = job * kMinQueriesPerJob; i < end; ++i) search(i);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  if (options_.pool != nullptr && jobs > 1) {
    options_.pool->ParallelFor(jobs, run);
  } else {
    for (size_t job = 0; job < jobs; ++job) run(job);
  }
  if (out_of_memory) throw std::bad_alloc();
  if (work != nullptr) {
    for (const SearchWork& one : works) work->Add(one);
  }
  *hits_out = std::move(hits);
  return OkStatus();
}

}  // namespace cairn::vector
