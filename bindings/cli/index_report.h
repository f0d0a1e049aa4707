#pragma once

#include <string>

#include "command.h"
#include "handles.h"

namespace cairn::cli {

/// The report of a run for people: a summary into `out` (not when quiet), and the files that failed
/// or have a warning to standard error.
void PrintIndexReport(const Globals& globals, const std::string& folder,
                      const cairn_index_report* report, Output* out);

/// What a stopped run has kept, as a sentence.
std::string KeptSentence(const cairn_index_report* report);

}  // namespace cairn::cli
