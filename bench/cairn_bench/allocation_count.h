#pragma once

#include <cstdint>

namespace cairn::bench {

/// How often this thread has taken memory with operator new, which the program replaces for that.
uint64_t AllocationsOfThisThread();

}  // namespace cairn::bench
