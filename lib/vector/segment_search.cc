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
constexpr double kNarrowestShare = 1.0 / 6;  // of allowed rows, for which a plain walk is widened
constexpr double kBeamSlack = 1.2;
constexpr double kEnoughPassed = 0.8;     // of the beam asked for
constexpr double kLeastLocalShare = 0.5;  // of allowed rows near the query, against everywhere
constexpr double kFilteredBeam = 2;
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
  float squared = std::max(0.0f, kth_distance + query.constant);
  return kDeviations * 2 *
         std::sqrt(squared * (segment.code_error + query.error * query.error) / dim);
}

/// Moves those of scratch->found that count and may be among the k nearest to its front. How many.
size_t SelectFound(const Segment& segment, const RowMarks& dead, const SegmentQuery& query,
                   SearchScratch* scratch) {
  auto& found = scratch->found;
  bool check_dead = dead.count() > 0;
  size_t depth = RerankDepth(query.k);
  size_t count = 0;
  float limit = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < found.size() && count < depth; ++i) {
    if (found[i].distance > limit) break;
    uint32_t row = found[i].row;
    if (check_dead && dead.Test(row)) continue;
    if (query.allowed != nullptr && !query.allowed->Test(row)) continue;
    found[count++] = found[i];
    if (count != query.k) continue;
    limit = found[i].distance + CodingDoubt(segment, scratch->query, found[i].distance);
  }
  return count;
}

void PrefetchVector(const Segment& segment, uint32_t row) {
  constexpr size_t kFloatsPerLine = 16;
  const float* vector = segment.rows.Vector(row);
  for (size_t d = 0; d < segment.rows.dim(); d += kFloatsPerLine) __builtin_prefetch(vector + d);
}

/// Scores the first `count` of scratch->found on their vectors.
void Rerank(const Segment& segment, const SegmentQuery& query, size_t count,
            const SearchScratch& scratch, BestHits* hits, SearchWork* work) {
  const auto& found = scratch.found;
  const Quantizer::Parameters& p = segment.quantizer.parameters();
  for (size_t i = 0; i < std::min(count, kRerankAhead); ++i) PrefetchVector(segment, found[i].row);
  for (size_t i = 0; i < count; ++i) {
    if (i + kRerankAhead < count) PrefetchVector(segment, found[i + kRerankAhead].row);
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
    double share = std::min(matching, live) / rows;
    // A beam narrower than the answer would come up short where some rows do not count.
    if (share < 1) ef = std::max(ef, static_cast<uint32_t>(std::min<size_t>(query_.k, UINT32_MAX)));
    double widening = query_.allowed == nullptr ? 1 : 1 / std::max(share, kNarrowestShare);
    if (matching <= WalkCost(ef * widening, segment_) * kScanAdvantage) return Exact();
    if (query_.allowed != nullptr) return FilteredWalk(ef, share, matching);
    // `share` of the rows count; the beam holds the others too, so it is wider.
    double wide = std::ceil(ef / share);
    if (wide > kWidestWalk * segment_.size()) return Exact();
    Walk(static_cast<uint32_t>(wide));
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
  /// After a walk: scores what it found, or does it again exactly when it found too few.
  void Finish() {
    size_t count = SelectFound(segment_, dead_, query_, scratch_);
    if (count < wanted_) return FallBack();
    Rerank(segment_, query_, count, *scratch_, hits_, work_);
  }

  void Walk(uint32_t beam) {
    Report(SearchWork::Mode::kGraph, beam);
    // Where some rows do not count, any number of copies may be needed for one that does.
    bool all_count = query_.allowed == nullptr && dead_.count() == 0;
    uint32_t ties = all_count ? static_cast<uint32_t>(wanted_) : beam;
    size_t more = query_.keep_more ? std::min(wanted_ / 2, kMostKeptBeyond) : 0;
    auto keep = static_cast<uint32_t>(wanted_ + more);
    SearchGraph(segment_.graph,
                {&scratch_->query, beam, keep, ties, scratch_, &work_->codes_scored});
  }

  /// First a plain walk, wide enough for a filter that has nothing to do with the query. Around the
  /// query as many rows as that pass, and it is all there is to do; or far fewer than elsewhere,
  /// and no walk can be trusted; or so few everywhere that a walk through them alone is better.
  void FilteredWalk(uint32_t ef, double share, double matching) {
    double wide = std::ceil(kBeamSlack * ef / std::max(share, kNarrowestShare));
    if (wide > kWidestWalk * segment_.size()) return Exact();
    Walk(static_cast<uint32_t>(wide));
    auto& seeds = scratch_->seeds;
    seeds.clear();
    for (const Candidate& c : scratch_->found) {
      if (query_.allowed->Test(c.row) && !dead_.Test(c.row)) seeds.push_back(c.row);
    }
    auto passed = static_cast<double>(seeds.size());
    if (passed >= kEnoughPassed * ef && passed >= static_cast<double>(wanted_)) {
      return Finish();
    }
    auto met = static_cast<double>(scratch_->found.size());
    if (passed < kLeastLocalShare * share * met) return FallBack();
    wide = std::ceil(ef * kFilteredBeam);
    if (wide > kWidestWalk * matching) return Exact();
    auto beam = static_cast<uint32_t>(wide);
    Report(SearchWork::Mode::kFilteredGraph, beam);
    bool trusted =
        SearchGraphFiltered(segment_.graph, scratch_->query, *query_.allowed, dead_, beam,
                            static_cast<uint64_t>(matching), scratch_, &work_->codes_scored);
    if (!trusted) return FallBack();
    Finish();
  }

  const Segment& segment_;
  const RowMarks& dead_;
  const SegmentQuery& query_;
  SearchScratch* const scratch_;
  BestHits* const hits_;
  SearchWork* const work_;
  size_t wanted_ = 0;
};

}  // namespace

void SearchSegment(const Segment& segment, const RowMarks& dead, const SegmentQuery& query,
                   SearchScratch* scratch, BestHits* hits, SearchWork* work) {
  segment.quantizer.EncodeQuery(query.vector, &scratch->query);
  Plan(segment, dead, query, scratch, hits, work).Run();
}

}  // namespace cairn::vector
