#include "vector/segment_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vector/code_scan.h"
#include "vector/graph_search.h"
#include "vector/score.h"

namespace cairn::vector {
namespace {

// Of a walk with beam ef, in codes scored; measured on text and clustered vectors, where 10 to 15
// codes are scored for every place of the beam.
constexpr double kCodesPerPlace = 12;
constexpr double kCodesToEnter = 80;
// A code scored in a row costs less than one scored in a walk.
constexpr double kScanAdvantage = 2.5;
constexpr double kBeamSlack = 1.1;      // of a beam that holds rows that do not count
constexpr double kEnoughCounted = 0.6;  // of the rows that count that the beam should hold
constexpr int kWidenings = 2;
constexpr float kInnerProductMisses = 0.25f;   // of the misses that are allowed
constexpr float kLeastFilteredTarget = 0.99f;  // calibration knows searches without filter only
constexpr double kWidestWalk = 0.25;           // of all rows: a wider walk costs more than a scan

constexpr size_t kMostKeptBeyond = 16;
constexpr size_t kRerankAhead = 8;  // vectors asked for before they are needed

double WalkCost(double ef, const Segment& segment) {
  double entries = 3 * std::sqrt(static_cast<double>(segment.entries.size()));
  return kCodesToEnter + entries / kScanAdvantage + kCodesPerPlace * ef;
}

/// At most so many of the nearest codes are scored on their vectors.
size_t RerankDepth(size_t k) { return 3 * k + 20; }

/// How much farther than another code one may seem and its vector still be nearer: some standard
/// deviations of what coding does to the squared distance of a row as far away as the k-th.
float CodingDoubt(const Segment& segment, const QueryCode& query, float kth_distance) {
  constexpr float kDeviations = 3;
  auto dim = static_cast<float>(segment.rows.dim());
  float squared = std::max(0.0f, kth_distance);
  return kDeviations * 2 *
         std::sqrt(squared * (segment.code_error + query.error * query.error) / dim);
}

/// How many of scratch->found may be among the k nearest; they are its beginning.
size_t CountPromising(const Segment& segment, size_t k, const SearchScratch& scratch) {
  const auto& found = scratch.found;
  size_t depth = std::min(RerankDepth(k), found.size());
  if (k == 0 || depth <= k) return depth;
  float kth = found[k - 1].distance;
  float limit = kth + CodingDoubt(segment, scratch.query, kth);
  size_t count = k;
  while (count < depth && found[count].distance <= limit) ++count;
  return count;
}

/// Scores the first `count` of scratch->found on their vectors.
void Rerank(const Segment& segment, const SegmentQuery& query, size_t count,
            const SearchScratch& scratch, BestHits* hits, SearchWork* work) {
  const auto& found = scratch.found;
  const Quantizer::Parameters& p = segment.quantizer.parameters();
  for (size_t i = 0; i < std::min(count, kRerankAhead); ++i) segment.rows.Prefetch(found[i].row);
  for (size_t i = 0; i < count; ++i) {
    if (i + kRerankAhead < count) segment.rows.Prefetch(found[i + kRerankAhead].row);
    uint32_t row = found[i].row;
    float score = Score(p.metric, query.vector, segment.rows.Vector(row), p.dim);
    if (score >= hits->threshold()) hits->Offer({segment.rows.Chunk(row), score});
  }
  work->vectors_scored += count;
}

/// One segment and one query: the plan and its steps.
class Plan {
 public:
  Plan(const Segment& segment, const RowMarks& dead, const SegmentQuery& query,
       SearchScratch* scratch, BestHits* hits, SearchWork* work)
      : segment_(segment),
        dead_(dead),
        query_(query),
        scratch_(scratch),
        hits_(hits),
        work_(work) {}

  void Run() {
    double rows = segment_.size();
    double live = rows - static_cast<double>(dead_.count());
    double matching = query_.allowed == nullptr ? live : query_.allowed->count;
    if (matching < 1 || live < 1) return;
    wanted_ = std::min(query_.k, static_cast<size_t>(matching));
    uint32_t ef = query_.ef;
    if (query_.target_recall >= 1) return Exact();
    if (ef == 0) {
      float target = query_.allowed == nullptr
                         ? query_.target_recall
                         : std::max(query_.target_recall, kLeastFilteredTarget);
      // The rows that answer an inner product do not lie around the query, so that calibration,
      // which tries points among the rows, finds it easier than it is.
      if (segment_.quantizer.parameters().metric == Metric::kInnerProduct) {
        target = 1 - (1 - target) * kInnerProductMisses;
      }
      ef = segment_.calibration.Ef(query_.k, target);
    }
    if (ef == 0) return Exact();
    share_ = std::min(matching, live) / rows;
    matching_ = matching;
    // The beam holds the rows that do not count too, so it is wider.
    double beam = share_ < 1 ? std::ceil(kBeamSlack * ef / share_) : ef;
    if (IsDear(beam)) return Exact();
    if (share_ < 1) return WalkAmong(ef, beam);
    Walk(static_cast<uint32_t>(beam));
    Finish();
  }

 private:
  void Report(SearchWork::Mode mode, uint32_t ef) {
    work_->mode = mode;
    work_->ef = ef;
  }
  void Exact() {
    Report(SearchWork::Mode::kExact, 0);
    ScanExactly(segment_, dead_, query_.allowed, query_.vector, query_.k, scratch_, hits_, work_);
  }
  void FallBack() {
    work_->fell_back = true;
    Exact();
  }
  /// True when scoring every row that counts is no more work than such a walk.
  bool IsDear(double beam) const {
    return beam > kWidestWalk * segment_.size() ||
           matching_ <= WalkCost(beam, segment_) * kScanAdvantage;
  }
  /// After a walk: scores what it found, or does it again exactly when it found too few.
  void Finish() {
    if (scratch_->found.size() < wanted_) return FallBack();
    size_t count = CountPromising(segment_, query_.k, *scratch_);
    Rerank(segment_, query_, count, *scratch_, hits_, work_);
  }

  void Walk(uint32_t beam) {
    Report(SearchWork::Mode::kGraph, beam);
    SearchGraph(segment_.graph, Task(beam));
  }
  GraphTask Task(uint32_t beam) const {
    GraphTask task;
    task.query = &scratch_->query;
    task.ef = beam;
    size_t more = query_.keep_more ? std::min(wanted_ / 2, kMostKeptBeyond) : 0;
    task.keep = static_cast<uint32_t>(wanted_ + more);
    task.most_ties = static_cast<uint32_t>(wanted_);
    task.scratch = scratch_;
    task.fetch = static_cast<uint32_t>(wanted_);
    task.vectors = &segment_.rows;
    task.codes_scored = &work_->codes_scored;
    return task;
  }

  /// Walks a beam that is wide enough for a filter, or for deletions, that have nothing to do with
  /// the query, and looks how many of its rows count: all that count as near as they are known.
  /// Fewer than elsewhere, and it is done again so much wider, while that is cheaper than a scan.
  void WalkAmong(uint32_t ef, double beam) {
    for (int i = 0; i <= kWidenings && !IsDear(beam); ++i) {
      uint32_t counted = 0;
      Report(SearchWork::Mode::kFilteredGraph, static_cast<uint32_t>(beam));
      GraphTask task = Task(static_cast<uint32_t>(beam));
      // Any number of copies may be needed for one that counts.
      task.most_ties = std::max(task.ef, task.keep);
      task.allowed = query_.allowed;
      task.dead = dead_.count() > 0 ? &dead_ : nullptr;
      task.counted_in_beam = &counted;
      SearchGraph(segment_.graph, task);
      if (counted >= kEnoughCounted * ef) return Finish();
      beam = std::ceil(beam * kBeamSlack * ef / std::max(counted, 1u));
    }
    FallBack();
  }

  const Segment& segment_;
  const RowMarks& dead_;
  const SegmentQuery& query_;
  SearchScratch* const scratch_;
  BestHits* const hits_;
  SearchWork* const work_;
  size_t wanted_ = 0;
  double matching_ = 0;  ///< rows that count
  double share_ = 1;     ///< of all rows
};

}  // namespace

void SearchSegment(const Segment& segment, const RowMarks& dead, const SegmentQuery& query,
                   SearchScratch* scratch, BestHits* hits, SearchWork* work) {
  segment.quantizer.EncodeQuery(query.vector, &scratch->query);
  Plan(segment, dead, query, scratch, hits, work).Run();
}

}  // namespace cairn::vector
