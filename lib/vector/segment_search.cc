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
constexpr double kCodesToEnter = 100;
// A code scored in a row costs less than one scored in a walk.
constexpr double kScanAdvantage = 2.5;
constexpr double kFilteredWalkCost = 4;  // a walk through allowed rows against a plain one
constexpr double kPlainShare = 0.7;      // above this share of allowed rows a plain walk is better
constexpr double kFilteredBeam = 1.5;
constexpr double kWidestWalk = 0.25;  // of all rows: a wider walk costs more than a scan

double WalkCost(double ef, const Segment& segment) {
  return kCodesToEnter + static_cast<double>(segment.entries.size()) + kCodesPerPlace * ef;
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

/// Scores the rows of scratch->found that count, in order, up to `depth` of them.
size_t Rerank(const Segment& segment, const RowMarks& dead, const SegmentQuery& query, size_t depth,
              SearchScratch* scratch, BestHits* hits, SearchWork* work) {
  auto& found = scratch->found;
  bool check_dead = dead.count() > 0;
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
  const Quantizer::Parameters& p = segment.quantizer.parameters();
  constexpr size_t kFloatsPerLine = 16;
  size_t ahead = std::min<size_t>(count, 8);
  auto prefetch = [&](size_t i) {
    const float* vector = segment.rows.Vector(found[i].row);
    for (size_t d = 0; d < p.dim; d += kFloatsPerLine) __builtin_prefetch(vector + d);
  };
  for (size_t i = 0; i < ahead; ++i) prefetch(i);
  for (size_t i = 0; i < count; ++i) {
    if (i + ahead < count) prefetch(i + ahead);
    uint32_t row = found[i].row;
    float score = Score(p.metric, query.vector, segment.rows.Vector(row), p.dim);
    if (score >= hits->threshold()) hits->Offer({segment.rows.Chunk(row), score});
  }
  work->vectors_scored += count;
  return count;
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
    if (ef == 0) ef = segment_.calibration.Ef(query_.k, query_.target_recall);
    ef = std::max(ef, ef == 0 ? 0u : static_cast<uint32_t>(std::min<size_t>(query_.k, UINT32_MAX)));
    if (ef == 0) return Exact();
    bool filtered = query_.allowed != nullptr && matching < kPlainShare * rows;
    double walk = WalkCost(ef, segment_) * (filtered ? kFilteredWalkCost : 1);
    if (matching <= walk * kScanAdvantage) return Exact();
    if (filtered) return FilteredWalk(ef, matching);
    PlainWalk(ef, std::min(matching, live) / rows);
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

  /// `share` of the rows count; the beam holds the others too, so it is wider.
  void PlainWalk(uint32_t ef, double share) {
    double wide = std::ceil(ef / share);
    if (wide > kWidestWalk * segment_.size()) return Exact();
    auto beam = static_cast<uint32_t>(wide);
    Report(SearchWork::Mode::kGraph, beam);
    SearchGraph(segment_.graph, scratch_->query, beam, scratch_, &work_->codes_scored);
    if (FinishWalk()) return;
    FallBack();
  }

  void FilteredWalk(uint32_t ef, double matching) {
    double wide = std::ceil(ef * kFilteredBeam);
    if (wide > kWidestWalk * matching) return Exact();
    auto beam = static_cast<uint32_t>(wide);
    Report(SearchWork::Mode::kFilteredGraph, beam);
    bool trusted =
        SearchGraphFiltered(segment_.graph, scratch_->query, *query_.allowed, dead_, beam,
                            static_cast<uint64_t>(matching), scratch_, &work_->codes_scored);
    if (trusted && FinishWalk()) return;
    FallBack();
  }

  /// False, and nothing offered, when the walk found too few.
  bool FinishWalk() {
    size_t usable = 0;
    for (const Candidate& c : scratch_->found) {
      if (dead_.Test(c.row)) continue;
      if (query_.allowed != nullptr && !query_.allowed->Test(c.row)) continue;
      if (++usable == wanted_) break;
    }
    if (usable < wanted_) return false;
    Rerank(segment_, dead_, query_, RerankDepth(query_.k), scratch_, hits_, work_);
    return true;
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
