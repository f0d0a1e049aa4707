#include "vector/segmented_view.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <optional>
#include <utility>

#include "kernels/distance.h"
#include "vector/code_scan.h"
#include "vector/document_count.h"
#include "vector/fresh_search.h"
#include "vector/segment_search.h"

namespace cairn::vector {
namespace {

constexpr size_t kFirstRangeHits = 64;
constexpr size_t kMinGroup = 4;
constexpr size_t kMaxGroup = kMaxScans;

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

uint32_t SegmentedView::PartCount() const {
  return static_cast<uint32_t>(state_->sealed.size()) + (state_->active->live > 0) +
         (state_->frozen != nullptr && state_->frozen->live > 0);
}

size_t SegmentedView::Run(const float* query, size_t k, const SearchOptions& options,
                          SearchScratch* scratch, VectorHit* hits_out, SearchWork* work) const {
  BestHits hits(hits_out, k, options.min_score);
  SegmentQuery request;
  request.vector = query;
  request.k = k;
  request.target_recall = options.target_recall;
  request.ef = options.ef;
  work->segments = PartCount();
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
  SearchFreshRows(query, options, scratch, &hits, work);
  return hits.Finish();
}

void SegmentedView::SearchFreshRows(const float* query, const SearchOptions& options,
                                    SearchScratch* scratch, BestHits* hits,
                                    SearchWork* work) const {
  SearchFresh(*state_->active, options_.metric, options_.dim, query, options.filter, scratch, hits,
              work);
  if (state_->frozen == nullptr) return;
  SearchFresh(*state_->frozen, options_.metric, options_.dim, query, options.filter, scratch, hits,
              work);
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
  std::vector<std::vector<VectorHit>> hits(query_count);
  size_t k = std::min<uint64_t>(options.k, state_->live());
  for (auto& one : hits) one.resize(k);
  std::vector<size_t> counts(query_count);
  auto room = [&](size_t i) { return hits[i].data(); };
  CAIRN_RETURN_IF_ERROR(RunBatch(queries, query_count, options, room, counts.data(), work));
  for (size_t i = 0; i < query_count; ++i) hits[i].resize(counts[i]);
  *hits_out = std::move(hits);
  return OkStatus();
}

Status SegmentedView::SearchBatch(const float* queries, size_t query_count,
                                  const SearchOptions& options, VectorHit* hits_out,
                                  size_t* counts_out, SearchWork* work) const {
  std::fill_n(counts_out, query_count, size_t{0});
  auto room = [&](size_t i) { return hits_out + i * options.k; };
  return RunBatch(queries, query_count, options, room, counts_out, work);
}

Status SegmentedView::RunBatch(const float* queries, size_t query_count,
                               const SearchOptions& options, const Room& room, size_t* counts_out,
                               SearchWork* work) const {
  CAIRN_RETURN_IF_ERROR(CheckOptions(options));
  CAIRN_RETURN_IF_ERROR(
      ValidateVectors(queries, query_count, options_.dim, options_.metric).WithContext("query"));
  if (query_count == 0 || options.k == 0 || state_->live() == 0) return OkStatus();
  bool parallel = options.parallel && options_.pool != nullptr;
  size_t threads = parallel ? options_.pool->thread_count() + 1 : 1;
  size_t share = parallel ? query_count / (2 * threads) : query_count;
  size_t group = std::clamp(share, kMinGroup, kMaxGroup);
  size_t group_count = (query_count + group - 1) / group;
  std::atomic<bool> out_of_memory{false};
  std::vector<SearchWork> works;
  if (work != nullptr && parallel) works.resize(group_count);
  auto run = [&](size_t i) {
    SearchWork own;
    SearchWork* used = work == nullptr ? &own : works.empty() ? work : &works[i];
    size_t first = i * group;
    size_t count = std::min(group, query_count - first);
    try {
      RunGroup(queries + first * options_.dim, first, count, options, room, counts_out + first,
               used);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  if (parallel && group_count > 1) {
    options_.pool->ParallelFor(group_count, run);
  } else {
    for (size_t i = 0; i < group_count; ++i) run(i);
  }
  if (out_of_memory) throw std::bad_alloc();
  for (const SearchWork& one : works) work->Add(one);
  return OkStatus();
}

void SegmentedView::RunGroup(const float* queries, size_t first, size_t count,
                             const SearchOptions& options, const Room& room, size_t* counts_out,
                             SearchWork* work) const {
  bool together = options.target_recall >= 1 && options.filter == nullptr &&
                  options.min_score == -std::numeric_limits<float>::infinity();
  if (together && count > 1)
    return ScanGroup(queries, first, count, options, room, counts_out, work);
  for (size_t i = 0; i < count; ++i) {
    SearchOne(queries + i * options_.dim, options, room(first + i), &counts_out[i], work)
        .IgnoreError("the queries and options are valid");
  }
}

void SegmentedView::ScanGroup(const float* queries, size_t first, size_t count,
                              const SearchOptions& options, const Room& room, size_t* counts_out,
                              SearchWork* work) const {
  std::array<std::optional<ScratchPool::Lease>, kMaxGroup> leases;
  std::array<std::optional<BestHits>, kMaxGroup> hits;
  std::array<ScanTask, kMaxGroup> tasks;
  size_t k = std::min<uint64_t>(options.k, state_->live());
  for (size_t i = 0; i < count; ++i) {
    SearchScratch* scratch = leases[i].emplace(scratch_.get()).get();
    const float* query = queries + i * options_.dim;
    if (options_.metric == Metric::kCosine) {
      scratch->unit.assign(query, query + options_.dim);
      kernels::Normalize(scratch->unit.data(), options_.dim);
      query = scratch->unit.data();
    }
    tasks[i] = {query, k, scratch, &hits[i].emplace(room(first + i), k, options.min_score), work};
  }
  for (size_t i = state_->sealed.size(); i-- > 0;) {
    const SealedPart& part = state_->sealed[i];
    for (size_t j = 0; j < count; ++j) {
      part.segment->quantizer.EncodeQuery(tasks[j].query, &tasks[j].scratch->query);
    }
    ScanExactlyTogether(*part.segment, part.dead, {tasks.data(), count});
  }
  work->mode = SearchWork::Mode::kExact;
  work->segments = PartCount();
  for (size_t i = 0; i < count; ++i) {
    SearchFreshRows(tasks[i].query, options, tasks[i].scratch, &*hits[i], work);
    counts_out[i] = hits[i]->Finish();
  }
}

}  // namespace cairn::vector
