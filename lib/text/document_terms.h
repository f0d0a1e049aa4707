#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"
#include "text/posting.h"
#include "text/text_index.h"

namespace cairn::text {

/// The terms of one document, ready to be stored.
struct DocumentTerms {
  struct Entry {
    std::string term;
    FieldCounts counts;  ///< `body` stays 0: the chunks tell
    ChunkListWriter chunks;
  };
  float length = 0;            ///< weighted
  std::vector<Entry> entries;  ///< ascending by term
};

DocumentTerms CollectTerms(const analysis::Analyzer& analyzer, const Bm25Options& options,
                           const TextDocument& document);

}  // namespace cairn::text
