#include <algorithm>
#include <deque>
#include <memory>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/ef_sweep.h"
#include "cairn_bench/engine_build.h"
#include "cairn_bench/engine_cairn.h"
#include "cairn_bench/filter_shapes.h"
#include "cairn_bench/peers.h"
#include "vector/document_filter.h"

namespace cairn::bench {
namespace {

constexpr size_t kMaxQueries = 200;
constexpr double kComparedRecall = 0.95;
/// Cairn with filters that are made anew for each search, not reused.
constexpr const char* kFreshName = "cairn_fresh_filter";

struct PassRate {
  const char* percent;
  double share;
};
constexpr PassRate kPassRates[] = {{"50", 0.5}, {"20", 0.2}, {"10", 0.1},
                                   {"5", 0.05}, {"1", 0.01}, {"0.1", 0.001}};

using Engines = std::vector<std::unique_ptr<AnnEngine>>;

/// One shape at one pass rate, with the filters and what is right.
struct Case {
  std::string shape;
  PassRate rate;
  std::vector<Bitmap> filters;
  std::deque<vector::DocumentFilter> prepared;  ///< the same filters as Cairn takes them
  std::vector<size_t> filter_of_query;

  const Bitmap& Of(size_t query) const { return filters[filter_of_query[query]]; }
  const vector::DocumentFilter& PreparedOf(size_t query) const {
    return prepared[filter_of_query[query]];
  }
  JsonLine Start(std::string_view engine, std::string_view phase) const {
    JsonLine line;
    line.Text("engine", engine).Text("phase", phase).Text("shape", shape);
    return line.Text("pass_percent", rate.percent);
  }
};

Case MakeCase(const FilterShapes& shapes, const std::string& shape, PassRate rate,
              size_t query_count) {
  Case made{shape, rate, shapes.Make(shape, rate.share), {}, {}};
  for (const Bitmap& filter : made.filters) made.prepared.emplace_back(filter);
  for (size_t query = 0; query < query_count; ++query) {
    made.filter_of_query.push_back(shapes.FilterOf(shape, query));
  }
  return made;
}

/// The worst of Cairn's own answers, and the comparisons.
struct FilterTotals {
  double least_recall = 1;
  double least_hits_share = 1;
  JsonLine ratio;
  JsonLine fresh_ratio;
};

void MeasureTarget(const Workload& workload, const GroundTruth& truth, const Case& current,
                   double target, CairnEngine* cairn, FilterTotals* totals) {
  vector::SearchOptions options;
  options.k = workload.k;
  options.target_recall = static_cast<float>(target);
  const SearchCall reused = [&](size_t query, uint32_t* rows_out) {
    options.filter = &current.PreparedOf(query);
    return cairn->SearchWith(cairn->view(), workload.queries.Row(query), options, rows_out);
  };
  const SearchCall fresh = [&](size_t query, uint32_t* rows_out) {
    const vector::DocumentFilter filter(current.Of(query));
    options.filter = &filter;
    return cairn->SearchWith(cairn->view(), workload.queries.Row(query), options, rows_out);
  };
  const std::vector<SearchTiming> timings =
      TimeSearches({reused, fresh}, truth, workload.queries.count(), workload.k, workload.repeats);
  const SearchTiming& timing = timings[0];
  totals->least_recall = std::min(totals->least_recall, timing.recall);
  totals->least_hits_share = std::min(totals->least_hits_share, timing.hits_share);
  current.Start("cairn", "filter")
      .Number("target_recall", target, 4)
      .Count("matching", current.filters.front().Count())
      .Number("recall", timing.recall, 5)
      .Number("hits_share", timing.hits_share, 5)
      .Number("qps", timing.qps, 1)
      .Number("p50_us", timing.p50_us, 2)
      .Number("p99_us", timing.p99_us, 2)
      .Number("fresh_filter_qps", timings[1].qps, 1)
      .Print();
}

SweptEngine CairnWithPreparedFilters(const Workload& workload, const Case& current,
                                     CairnEngine* cairn) {
  return {"cairn", [&workload, &current, cairn](size_t query, uint32_t ef, uint32_t* rows_out) {
            vector::SearchOptions options;
            options.k = workload.k;
            options.ef = ef;
            options.filter = &current.PreparedOf(query);
            return cairn->SearchWith(cairn->view(), workload.queries.Row(query), options, rows_out);
          }};
}

/// The engines: Cairn first, then at most hnswlib.
void Compare(const Workload& workload, const GroundTruth& truth, const Case& current,
             const Engines& engines, CairnEngine* cairn, FilterTotals* totals) {
  std::vector<SweptEngine> swept = {CairnWithPreparedFilters(workload, current, cairn)};
  for (const auto& engine : engines) {
    std::string name(engine->name());
    if (engine.get() == cairn) name = kFreshName;
    swept.push_back({name, [&, engine = engine.get()](size_t query, uint32_t ef, uint32_t* rows) {
                       return engine->SearchFiltered(workload.queries.Row(query), workload.k, ef,
                                                     current.Of(query), rows);
                     }});
  }
  const auto print = [&](const SweptEngine& engine, uint32_t ef, const SearchTiming& timing) {
    current.Start(engine.name, "search")
        .Number("recall", timing.recall, 5)
        .Number("hits_share", timing.hits_share, 5)
        .Number("qps", timing.qps, 1)
        .Number("p50_us", timing.p50_us, 2)
        .Number("p99_us", timing.p99_us, 2)
        .Count("ef", ef)
        .Print();
  };
  const SweepOptions options{workload.queries.count(), workload.k, workload.repeats,
                             kComparedRecall};
  const std::vector<RecallCurve> curves = SweepEf(swept, truth, options, print);
  if (curves.size() < 3) return;
  const std::string name = current.shape + "@" + current.rate.percent;
  const double peer_qps = curves[2].At(kComparedRecall).qps;
  totals->ratio.Number(name, curves[0].At(kComparedRecall).qps / peer_qps, 3);
  totals->fresh_ratio.Number(name, curves[1].At(kComparedRecall).qps / peer_qps, 3);
}

void PrintSummary(const Workload& workload, double target, const FilterTotals& totals) {
  JsonLine line;
  line.Text("phase", "summary");
  Describe(workload, &line);
  line.Number("target_recall", target, 4)
      .Number("least_recall", totals.least_recall, 5)
      .Number("least_hits_share", totals.least_hits_share, 5)
      .Number("compared_recall", kComparedRecall, 2)
      .Text("hnswlib_filter", HnswlibFilterKind())
      .Object("ratio", JsonLine().Object("hnswlib", totals.ratio))
      .Object("fresh_filter_ratio", JsonLine().Object("hnswlib", totals.fresh_ratio))
      .Print();
}

}  // namespace

void RunFilter(const std::vector<std::string>& given) {
  const Arguments arguments(given, WorkloadArguments({"target-recall", "peers"}), {});
  const double target = arguments.Share("target-recall", 0.98);
  const Workload workload = ReadWorkload(arguments, kMaxQueries);
  const EngineOptions options = OptionsFor(workload);
  Engines engines = MakePeers(arguments, options);
  std::erase_if(engines, [](const auto& engine) { return !engine->has_filtered_search(); });
  engines.insert(engines.begin(), std::make_unique<CairnEngine>(options));
  auto* cairn = static_cast<CairnEngine*>(engines.front().get());
  for (const auto& engine : engines) MeasureBuild(workload, engine.get());

  const FilterShapes shapes(workload);
  FilterTotals totals;
  for (const std::string& shape : FilterShapes::Names()) {
    for (const PassRate& rate : kPassRates) {
      const Case current = MakeCase(shapes, shape, rate, workload.queries.count());
      const GroundTruth truth =
          GroundTruth::Compute(workload, [&](size_t query) { return &current.Of(query); });
      MeasureTarget(workload, truth, current, target, cairn, &totals);
      Compare(workload, truth, current, engines, cairn, &totals);
    }
  }
  PrintSummary(workload, target, totals);
}

}  // namespace cairn::bench
