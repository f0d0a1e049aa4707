#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/status.h"
#include "query/fusion.h"
#include "query/search.h"

namespace cairn::query {

/// Candidates of one kind, best first, one per document.
struct CandidateList {
  std::vector<Candidate> candidates;
  uint64_t total = 0;  ///< documents that match, found or not
};

/// At least the `depth` best documents by BM25 and all that tie with the last of them.
Result<CandidateList> TextCandidates(const SearchContext& context, std::string_view query,
                                     size_t depth, const Bitmap* filter);

/// At least the `depth` documents with the nearest chunk and all that tie with the last of them.
Result<CandidateList> VectorCandidates(const SearchContext& context, const float* vector,
                                       size_t depth, const Bitmap* filter);

}  // namespace cairn::query
