#include "cairn_bench/resident_memory.h"

#include <malloc.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace cairn::bench {

ResidentMemory MeasureResident() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  ResidentMemory memory;
  std::string key;
  uint64_t kilobytes = 0;
  for (std::string line; std::getline(status, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    key = line.substr(0, colon);
    if (key != "RssAnon" && key != "RssFile" && key != "RssShmem") continue;
    kilobytes = std::stoull(line.substr(colon + 1));
    (key == "RssAnon" ? memory.anonymous_bytes : memory.mapped_bytes) += kilobytes * 1024;
  }
  if (memory.total() == 0) throw std::runtime_error("cannot read /proc/self/status");
  return memory;
}

ResidentMemory GrowthSince(const ResidentMemory& before) {
  const ResidentMemory now = MeasureResident();
  const auto growth = [](uint64_t from, uint64_t to) { return to > from ? to - from : 0; };
  return {growth(before.anonymous_bytes, now.anonymous_bytes),
          growth(before.mapped_bytes, now.mapped_bytes)};
}

}  // namespace cairn::bench
