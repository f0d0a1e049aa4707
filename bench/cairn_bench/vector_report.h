#pragma once

#include <string>
#include <vector>

#include "cairn_bench/engine_build.h"
#include "cairn_bench/recall_curve.h"

namespace cairn::bench {

struct RecallTarget {
  std::string text;  ///< as given: the key of the summary
  double value = 0;
};

/// What one engine showed.
struct EngineReport {
  std::string name;
  BuildMeasure build;
  RecallCurve curve;
  double exact_qps = 0;  ///< 0 = not measured
  double busy_threads = 0;
};

/// Prints the summary of `vector`; the first engine is Cairn, the ratios are Cairn's against each
/// other.
void PrintVectorSummary(const Workload& workload, const std::vector<RecallTarget>& targets,
                        const std::vector<EngineReport>& engines);

}  // namespace cairn::bench
