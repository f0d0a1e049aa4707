#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace cairn::query {

/// A document on its way into the answer.
struct Candidate {
  DocNo doc{};
  double score = 0;
  double text_score = 0;
  double vector_score = 0;
  bool in_text = false;
  bool in_vector = false;
  uint32_t text_chunk = 0;
  uint32_t vector_chunk = 0;
  uint32_t matched_chunks = 0;
  double tag_share = 0;  ///< share of the query's words, by idf, that the tags hold
};

/// Weighted min-max fusion: each list's scores are scaled to 0..1 by the list's own lowest and
/// highest score (all equal: 1), a document missing from a list gets 0 there, and the weighted sum
/// is the score. With one list empty the other stands alone, unscaled.
///
/// Both lists hold one entry per document. The result is unordered.
std::vector<Candidate> FuseMinMax(const std::vector<Candidate>& text,
                                  const std::vector<Candidate>& vector, double text_weight,
                                  double vector_weight);

/// Raises the score of documents whose tags hold words of the query, by up to half when they hold
/// them all: what somebody filed under a word outranks what merely resembles it.
void BoostTagMatches(std::vector<Candidate>* fused);

}  // namespace cairn::query
