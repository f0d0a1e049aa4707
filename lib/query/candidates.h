#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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
  /// How many of them come before all others, however the others score.
  size_t head = 0;
  uint64_t total = 0;  ///< documents that match, found or not
};

/// At least the `depth` best documents by BM25 and all that tie with the last of them.
Result<CandidateList> TextCandidates(const SearchContext& context, std::string_view query,
                                     size_t depth, const Bitmap* filter);

/// How far to look for near vectors.
struct VectorDepth {
  size_t depth = 0;
  bool exact = false;
  float min_score = -std::numeric_limits<float>::infinity();  ///< chunks below are left out
  float target_recall = 0.98f;
  uint32_t ef = 0;  ///< beam width; 0 = what target_recall asks for
};

/// At least the `depth` documents with the nearest chunk and all that tie with the last of them.
/// Lists of different depths agree where both are exact, else only nearly.
Result<CandidateList> VectorCandidates(const SearchContext& context, const float* vector,
                                       const VectorDepth& wanted, const Bitmap* filter,
                                       vector::SearchWork* work);

/// At least `depth` documents, of one list that is the same for every depth: `head` of the nearest
/// as the index finds them fast, then all the others by exact search. So pages cut from it join to
/// the whole, and the first ones are cheap.
Result<CandidateList> PagedVectorCandidates(const SearchContext& context, const float* vector,
                                            const VectorDepth& head, size_t depth,
                                            const Bitmap* filter, vector::SearchWork* work);

}  // namespace cairn::query
