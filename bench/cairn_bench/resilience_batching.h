#pragma once

#include <cstdint>

namespace cairn::bench {

struct BatchingLoad {
  uint32_t callers = 64;  ///< threads, each with one item at a time
  uint32_t items = 4000;
  uint32_t delay_ms = 25;
};

/// Measures the batcher on a backend that takes 2 ms and 0.1 ms for each item: alone, under load,
/// and against calls that are not batched. Prints JSON lines.
void MeasureBatching(const BatchingLoad& load);

}  // namespace cairn::bench
