#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/engine_build.h"
#include "cairn_bench/engine_cairn.h"
#include "cairn_bench/search_timing.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

constexpr uint64_t kSeed = 20;

/// A collection whose documents are updated again and again, each update a removal and an addition
/// under a new number. The vectors change hands among the updated documents, so the set of live
/// vectors, and with it the ground truth, stays that of the workload.
class Churned {
 public:
  explicit Churned(const Workload& workload) : workload_(workload), engine_(OptionsFor(workload)) {
    for (size_t row = 0; row < workload.base.count(); ++row) AddRow(static_cast<uint32_t>(row));
    engine_.WaitIdle();
    engine_.Refresh();
  }

  void UpdateHalf() {
    std::vector<uint32_t> rows(workload_.base.count());
    std::iota(rows.begin(), rows.end(), 0u);
    std::shuffle(rows.begin(), rows.end(), random_);
    rows.resize(rows.size() / 2);
    // Alternating, as single upserts come: never is half of the collection gone.
    for (const uint32_t row : rows) {
      engine_.Remove(doc_of_row_[row]);
      AddRow(row);
    }
    engine_.Refresh();
  }

  SearchTiming Measure(const GroundTruth& truth, float target) {
    return Time(truth, [&](const float* query, uint32_t* rows_out) {
      return engine_.SearchTarget(engine_.view(), query, workload_.k, target, rows_out);
    });
  }
  /// With a beam of 2k, whatever the calibration says: what became of the graph itself.
  SearchTiming MeasureGraph(const GroundTruth& truth) {
    return Time(truth, [&](const float* query, uint32_t* rows_out) {
      return engine_.Search(query, workload_.k, static_cast<uint32_t>(2 * workload_.k), rows_out);
    });
  }

  CairnEngine& engine() { return engine_; }

 private:
  void AddRow(uint32_t row) {
    if (row_of_doc_.size() <= row) doc_of_row_.resize(workload_.base.count());
    const auto doc = static_cast<uint32_t>(row_of_doc_.size());
    engine_.Add(doc, workload_.base.Row(row));
    row_of_doc_.push_back(row);
    doc_of_row_[row] = doc;
  }

  template <typename Search>
  SearchTiming Time(const GroundTruth& truth, const Search& search) {
    const SearchCall call = [&](size_t query, uint32_t* rows_out) {
      const size_t count = search(workload_.queries.Row(query), rows_out);
      for (size_t i = 0; i < count; ++i) rows_out[i] = row_of_doc_[rows_out[i]];
      return count;
    };
    return TimeSearches({call}, truth, workload_.queries.count(), workload_.k,
                        workload_.repeats)[0];
  }

  const Workload& workload_;
  CairnEngine engine_;
  std::mt19937_64 random_{kSeed};
  std::vector<uint32_t> row_of_doc_;
  std::vector<uint32_t> doc_of_row_;
};

struct ChurnMeasure {
  double recall = 0;
  double graph_recall = 0;
  uint64_t disk_bytes = 0;
  uint64_t engine_bytes = 0;
};

/// `busy_recall`: measured before the background work was done; no number where there was none.
ChurnMeasure MeasureAndPrint(const std::string& phase, size_t round, double seconds,
                             double busy_recall, const GroundTruth& truth, float target,
                             Churned* churned) {
  const SearchTiming timing = churned->Measure(truth, target);
  const ChurnMeasure measure{timing.recall, churned->MeasureGraph(truth).recall,
                             churned->engine().DiskBytes(), churned->engine().engine_bytes()};
  JsonLine()
      .Text("engine", "cairn")
      .Text("phase", phase)
      .Count("round", round)
      .Number("seconds", seconds, 3)
      .Number("recall", timing.recall, 5)
      .Number("graph_recall", measure.graph_recall, 5)
      .Number("busy_recall", busy_recall, 5)
      .Number("qps", timing.qps, 1)
      .Count("live", churned->engine().view().size())
      .Count("disk_bytes", measure.disk_bytes)
      .Count("engine_bytes", measure.engine_bytes)
      .Count("resident_bytes", MeasureResident().total())
      .Print();
  return measure;
}

double Ratio(uint64_t now, uint64_t fresh) {
  return static_cast<double>(now) / static_cast<double>(fresh);
}

void PrintSummary(const Workload& workload, double target, const ChurnMeasure& fresh,
                  const std::vector<ChurnMeasure>& rounds) {
  ChurnMeasure most{1, 1, 0, 0};
  for (const ChurnMeasure& round : rounds) {
    most.recall = std::min(most.recall, round.recall);
    most.graph_recall = std::min(most.graph_recall, round.graph_recall);
    most.disk_bytes = std::max(most.disk_bytes, round.disk_bytes);
    most.engine_bytes = std::max(most.engine_bytes, round.engine_bytes);
  }
  JsonLine line;
  line.Text("phase", "summary");
  Describe(workload, &line);
  line.Number("target_recall", target, 4)
      .Count("rounds", rounds.size())
      .Number("fresh_recall", fresh.recall, 5)
      .Number("least_recall", most.recall, 5)
      .Number("recall_loss", fresh.recall - most.recall, 5)
      .Number("graph_recall_loss", fresh.graph_recall - most.graph_recall, 5)
      .Number("disk_ratio", Ratio(most.disk_bytes, fresh.disk_bytes), 3)
      .Number("engine_bytes_ratio", Ratio(most.engine_bytes, fresh.engine_bytes), 3)
      .Print();
}

}  // namespace

void RunChurn(const std::vector<std::string>& given) {
  const Arguments arguments(given, WorkloadArguments({"target-recall", "rounds"}), {});
  const double target = arguments.Share("target-recall", 0.98);
  const auto target_recall = static_cast<float>(target);
  const Workload workload = ReadWorkload(arguments, std::numeric_limits<size_t>::max());
  const GroundTruth truth = GroundTruth::Compute(workload);
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  const Stopwatch building;
  Churned churned(workload);
  const ChurnMeasure fresh =
      MeasureAndPrint("fresh", 0, building.Seconds(), kNone, truth, target_recall, &churned);
  std::vector<ChurnMeasure> rounds;
  for (size_t round = 1; round <= arguments.Count("rounds", 20); ++round) {
    const Stopwatch updating;
    churned.UpdateHalf();
    const double update_seconds = updating.Seconds();
    const double busy_recall = churned.Measure(truth, target_recall).recall;
    const Stopwatch settling;
    churned.engine().WaitIdle();
    churned.engine().Refresh();
    rounds.push_back(MeasureAndPrint("round", round, update_seconds + settling.Seconds(),
                                     busy_recall, truth, target_recall, &churned));
  }
  PrintSummary(workload, target, fresh, rounds);
}

}  // namespace cairn::bench
