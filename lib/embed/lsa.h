#pragma once

#include <vector>

#include "embed/corpus.h"
#include "embed/matrix.h"
#include "embed/work.h"

namespace cairn::embed {

/// Term weights and term vectors of one block of the model.
struct TermBlock {
  std::vector<float> weights;  ///< one per term
  Matrix vectors;              ///< one row per term, at most block_dim columns
};

/// Latent semantic analysis: the chunk-term matrix with weights log2(1 + tf) x entropy squared,
/// rows of length one, and its leading right singular vectors. The entropy is 1 for a term that
/// sits in one chunk and 0 for one spread evenly over all (Dumais 1991); its square tells rare
/// words apart better once the result is fused with a lexical ranking.
Result<TermBlock> TrainLsa(const Work& work, const Corpus& corpus, const BuiltinOptions& options);

}  // namespace cairn::embed
