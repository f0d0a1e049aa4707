#include "cairn_bench/vector_report.h"

namespace cairn::bench {
namespace {

constexpr int kRatioDecimals = 3;

JsonLine QpsAtTargets(const std::vector<RecallTarget>& targets, const EngineReport& engine) {
  JsonLine line;
  for (const RecallTarget& target : targets) {
    line.Number(target.text, engine.curve.At(target.value).qps, 1);
  }
  return line;
}

JsonLine QpsRatios(const std::vector<RecallTarget>& targets, const EngineReport& cairn,
                   const EngineReport& peer) {
  JsonLine line;
  for (const RecallTarget& target : targets) {
    line.Number(target.text, cairn.curve.At(target.value).qps / peer.curve.At(target.value).qps,
                kRatioDecimals);
  }
  return line;
}

/// Targets that an engine exceeds with its smallest ef already, as "engine@target ".
std::string BelowCurve(const std::vector<RecallTarget>& targets,
                       const std::vector<EngineReport>& engines) {
  std::string list;
  for (const EngineReport& engine : engines) {
    for (const RecallTarget& target : targets) {
      if (!engine.curve.Reaches(target.value) || engine.curve.At(target.value).bracketed) continue;
      list += (list.empty() ? "" : " ") + engine.name + "@" + target.text;
    }
  }
  return list;
}

double Ratio(uint64_t own, uint64_t other) {
  return static_cast<double>(own) / static_cast<double>(other);
}

}  // namespace

void PrintVectorSummary(const Workload& workload, const std::vector<RecallTarget>& targets,
                        const std::vector<EngineReport>& engines) {
  const EngineReport& cairn = engines.front();
  JsonLine ratio;
  JsonLine qps;
  JsonLine build;
  JsonLine memory;
  JsonLine own_memory;
  JsonLine exact;
  JsonLine busy;
  for (const EngineReport& engine : engines) {
    qps.Object(engine.name, QpsAtTargets(targets, engine));
    busy.Number(engine.name, engine.busy_threads, 2);
    if (&engine == &cairn) continue;
    ratio.Object(engine.name, QpsRatios(targets, cairn, engine));
    build.Number(engine.name, cairn.build.seconds / engine.build.seconds, kRatioDecimals);
    const uint64_t peer_bytes = engine.build.resident.total();
    memory.Number(engine.name, Ratio(cairn.build.resident.total(), peer_bytes), kRatioDecimals);
    own_memory.Number(engine.name, Ratio(cairn.build.engine_bytes, peer_bytes), kRatioDecimals);
    if (engine.exact_qps > 0) {
      exact.Number(engine.name, cairn.exact_qps / engine.exact_qps, kRatioDecimals);
    }
  }
  JsonLine line;
  line.Text("phase", "summary");
  Describe(workload, &line);
  line.Count("m", workload.m)
      .Count("ef_construction", workload.ef_construction)
      .Object("ratio", ratio)
      .Object("qps", qps)
      .Object("build_ratio", build)
      .Object("memory_ratio", memory)
      .Object("engine_memory_ratio", own_memory)
      .Object("exact_ratio", exact)
      .Text("not_bracketed", BelowCurve(targets, engines))
      .Object("busy_threads", busy)
      .Text("interpolation", "log qps over log(1 - recall)")
      .Print();
}

}  // namespace cairn::bench
