#pragma once

#include <cstdint>

namespace cairn::bench {

/// What of this process is in memory.
struct ResidentMemory {
  uint64_t anonymous_bytes = 0;
  uint64_t mapped_bytes = 0;  ///< of files and shared memory
  uint64_t total() const { return anonymous_bytes + mapped_bytes; }
};

/// After the allocator has given back what it holds for nobody.
ResidentMemory MeasureResident();

/// Growth since `before`, never below zero.
ResidentMemory GrowthSince(const ResidentMemory& before);

}  // namespace cairn::bench
