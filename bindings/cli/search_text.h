#pragma once

#include "command.h"
#include "handles.h"

namespace cairn::cli {

/// Prints results for people. first_rank: rank of the first result, from 1.
void PrintResults(const Globals& globals, const cairn_results* results, uint32_t first_rank,
                  Output* out);

}  // namespace cairn::cli
