#pragma once

#include <ctime>

namespace cairn::bench {

/// Processor time of the whole process, in seconds.
inline double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace cairn::bench
