#pragma once

#include "cairn_bench/ann_engine.h"
#include "cairn_bench/resident_memory.h"
#include "cairn_bench/workload.h"

namespace cairn::bench {

EngineOptions OptionsFor(const Workload& workload);

struct BuildMeasure {
  double seconds = 0;
  double processor_seconds = 0;
  ResidentMemory resident;    ///< growth over the build and one pass of searches
  uint64_t engine_bytes = 0;  ///< what the engine itself says; 0 = nothing
};

/// Builds, asks every query once, so that all that searching needs is in memory, and prints the
/// line.
BuildMeasure MeasureBuild(const Workload& workload, AnnEngine* engine);

}  // namespace cairn::bench
