#pragma once

#include <cstdint>
#include <vector>

namespace cairn::vector {

/// One part of an index.
struct SegmentStats {
  enum class State : int32_t {
    kFresh = 0,     ///< takes what is added; scanned by every search
    kBuilding = 1,  ///< the same, and its graph is being built
    kSealed = 2,    ///< has codes and a graph in memory
    kMapped = 3,    ///< has them in a file, from where they are read as needed
  };
  State state = State::kFresh;
  uint32_t code_bits = 0;  ///< per coordinate; 0 = no codes
  uint64_t rows = 0;       ///< deleted ones included
  uint64_t live_rows = 0;
  uint64_t memory_bytes = 0;
  uint64_t disk_bytes = 0;
  uint32_t entry_count = 0;      ///< rows where walks through the graph begin
  uint32_t calibrated_rows = 0;  ///< how many there were when it was calibrated; 0 = it was not
  /// Beam widths for the 10 nearest at recall 0.90, 0.95, 0.98 and 0.99; 0 = exact search.
  uint32_t ef[4] = {};
};

struct IndexStats {
  std::vector<SegmentStats> segments;  ///< the largest first, fresh rows last
  bool working = false;                ///< background work is under way or waits for its turn
  bool damaged = false;                ///< the files were found damaged: it is to be built anew
  bool short_of_memory = false;        ///< the limit keeps rows from being sealed or merged
};

}  // namespace cairn::vector
