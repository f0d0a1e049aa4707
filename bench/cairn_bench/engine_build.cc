#include "cairn_bench/engine_build.h"

#include <limits>
#include <vector>

#include "cairn_bench/processor_time.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

constexpr uint32_t kWarmingEf = 100;

void Print(const Workload& workload, const AnnEngine& engine, const BuildMeasure& measure) {
  const double own = measure.engine_bytes > 0 ? static_cast<double>(measure.engine_bytes)
                                              : std::numeric_limits<double>::quiet_NaN();
  JsonLine()
      .Text("engine", engine.name())
      .Text("phase", "build")
      .Number("seconds", measure.seconds, 3)
      .Number("processor_seconds", measure.processor_seconds, 3)
      .Count("threads", workload.threads)
      .Count("resident_bytes", measure.resident.total())
      .Count("anonymous_bytes", measure.resident.anonymous_bytes)
      .Count("mapped_bytes", measure.resident.mapped_bytes)
      .Number("engine_bytes", own, 0)
      .Print();
}

}  // namespace

EngineOptions OptionsFor(const Workload& workload) {
  return {workload.base.dim, workload.metric, workload.threads, workload.m,
          workload.ef_construction};
}

BuildMeasure MeasureBuild(const Workload& workload, AnnEngine* engine) {
  std::vector<uint32_t> rows(workload.k);
  const ResidentMemory before = MeasureResident();
  const double processor = ProcessorSeconds();
  const Stopwatch watch;
  engine->Build(workload.base);
  BuildMeasure measure;
  measure.seconds = watch.Seconds();
  measure.processor_seconds = ProcessorSeconds() - processor;
  for (size_t query = 0; query < workload.queries.count(); ++query) {
    engine->Search(workload.queries.Row(query), workload.k, kWarmingEf, rows.data());
  }
  measure.resident = GrowthSince(before);
  measure.engine_bytes = engine->engine_bytes();
  Print(workload, *engine, measure);
  return measure;
}

}  // namespace cairn::bench
