#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"

namespace cairn::text {

/// A query taken apart. A word of the query is one slot: the forms the analyzer gives it (the word
/// itself, its parts, its spelling without diacritics), of which the best matching one counts.
struct QueryTerms {
  struct Slot {
    std::vector<uint32_t> forms;  ///< indexes into `terms`, ascending
    uint32_t times = 1;           ///< how often the word is in the query
  };
  std::vector<std::string> terms;  ///< no two alike
  std::vector<Slot> slots;         ///< in the order of the query
};

QueryTerms AnalyzeQuery(const analysis::Analyzer& analyzer, std::string_view query);

}  // namespace cairn::text
