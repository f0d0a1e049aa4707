#include <algorithm>
#include <limits>
#include <memory>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/ef_sweep.h"
#include "cairn_bench/engine_cairn.h"
#include "cairn_bench/peers.h"
#include "cairn_bench/text_list.h"
#include "cairn_bench/vector_file.h"
#include "cairn_bench/vector_report.h"

namespace cairn::bench {
namespace {

/// Exact searches are slow, and all alike.
constexpr size_t kExactQueries = 100;

using Engines = std::vector<std::unique_ptr<AnnEngine>>;

std::vector<RecallTarget> ReadTargets(const Arguments& arguments) {
  std::vector<RecallTarget> targets;
  for (const std::string& text : SplitList(arguments.Get("targets", "0.90,0.95,0.99,0.999"))) {
    targets.push_back({text, ParseShare("targets", text)});
  }
  if (targets.empty()) throw UsageError("--targets is empty");
  return targets;
}

/// A given ground truth is of all rows: with --limit it does not hold.
GroundTruth ReadTruth(const Arguments& arguments, const Workload& workload) {
  if (!arguments.Has("groundtruth") || arguments.Has("limit"))
    return GroundTruth::Compute(workload);
  return GroundTruth::FromLists(workload, ReadNeighbours(arguments.Required("groundtruth")));
}

void PrintTiming(const std::string& engine, const std::string& phase, const SearchTiming& timing,
                 JsonLine more) {
  JsonLine line;
  line.Text("engine", engine)
      .Text("phase", phase)
      .Number("recall", timing.recall, 5)
      .Number("qps", timing.qps, 1)
      .Number("p50_us", timing.p50_us, 2)
      .Number("p99_us", timing.p99_us, 2);
  line.Append(more).Print();
}

void Sweep(const Workload& workload, const GroundTruth& truth, double top_recall,
           const Engines& engines, std::vector<EngineReport>* reports) {
  std::vector<SweptEngine> swept;
  for (const auto& engine : engines) {
    swept.push_back({std::string(engine->name()),
                     [&workload, engine = engine.get()](size_t query, uint32_t ef, uint32_t* rows) {
                       return engine->Search(workload.queries.Row(query), workload.k, ef, rows);
                     }});
  }
  const auto on_point = [&](const SweptEngine& engine, uint32_t ef, const SearchTiming& timing) {
    PrintTiming(engine.name, "search", timing, JsonLine().Count("ef", ef));
    EngineReport& report = (*reports)[static_cast<size_t>(&engine - swept.data())];
    report.busy_threads = std::max(report.busy_threads, timing.busy_threads);
  };
  const SweepOptions options{workload.queries.count(), workload.k, workload.repeats, top_recall};
  std::vector<RecallCurve> curves = SweepEf(swept, truth, options, on_point);
  for (size_t i = 0; i < curves.size(); ++i) (*reports)[i].curve = curves[i];
}

/// What Cairn gives when it is asked for a recall instead of a beam width.
void MeasureTargets(const Workload& workload, const GroundTruth& truth,
                    const std::vector<RecallTarget>& targets, CairnEngine* cairn) {
  for (const RecallTarget& target : targets) {
    const SearchCall call = [&](size_t query, uint32_t* rows_out) {
      return cairn->SearchTarget(cairn->view(), workload.queries.Row(query), workload.k,
                                 static_cast<float>(target.value), rows_out);
    };
    const SearchTiming timing =
        TimeSearches({call}, truth, workload.queries.count(), workload.k, workload.repeats)[0];
    PrintTiming("cairn", "target", timing, JsonLine().Number("target_recall", target.value, 4));
  }
}

void MeasureExact(const Workload& workload, const GroundTruth& truth, const Engines& engines,
                  std::vector<EngineReport>* reports) {
  std::vector<SearchCall> calls;
  std::vector<size_t> measured;
  for (size_t i = 0; i < engines.size(); ++i) {
    if (!engines[i]->has_exact_search()) continue;
    measured.push_back(i);
    calls.push_back([&workload, engine = engines[i].get()](size_t query, uint32_t* rows_out) {
      return engine->SearchExact(workload.queries.Row(query), workload.k, rows_out);
    });
  }
  const size_t query_count = std::min(kExactQueries, workload.queries.count());
  const std::vector<SearchTiming> timings =
      TimeSearches(calls, truth, query_count, workload.k, workload.repeats);
  for (size_t i = 0; i < measured.size(); ++i) {
    EngineReport& report = (*reports)[measured[i]];
    report.exact_qps = timings[i].qps;
    PrintTiming(report.name, "exact", timings[i],
                JsonLine().Number("busy_threads", timings[i].busy_threads, 2));
  }
}

}  // namespace

void RunVector(const std::vector<std::string>& given) {
  const Arguments arguments(given, WorkloadArguments({"targets", "groundtruth", "peers"}), {});
  const std::vector<RecallTarget> targets = ReadTargets(arguments);
  const Workload workload = ReadWorkload(arguments, std::numeric_limits<size_t>::max());
  const EngineOptions options = OptionsFor(workload);
  Engines engines = MakePeers(arguments, options);
  engines.insert(engines.begin(), std::make_unique<CairnEngine>(options));
  auto* cairn = static_cast<CairnEngine*>(engines.front().get());

  const GroundTruth truth = ReadTruth(arguments, workload);
  std::vector<EngineReport> reports;
  for (const auto& engine : engines) {
    const BuildMeasure build = MeasureBuild(workload, engine.get());
    reports.push_back({std::string(engine->name()), build, RecallCurve(0), 0, 0});
  }
  double top_recall = 0;
  for (const RecallTarget& target : targets) top_recall = std::max(top_recall, target.value);
  Sweep(workload, truth, top_recall, engines, &reports);
  MeasureTargets(workload, truth, targets, cairn);
  MeasureExact(workload, truth, engines, &reports);
  PrintVectorSummary(workload, targets, reports);
}

}  // namespace cairn::bench
