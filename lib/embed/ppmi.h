#pragma once

#include "embed/corpus.h"
#include "embed/lsa.h"
#include "embed/work.h"

namespace cairn::embed {

/// Word vectors from positive pointwise mutual information: co-occurrence within ten words of the
/// vocabulary, context counts smoothed with exponent 0.75, and the left singular vectors times
/// the root of the singular values, each of length one (Levy, Goldberg, Dagan 2015). Terms that are
/// too rare get a zero vector. Weight: the inverse document frequency.
Result<TermBlock> TrainPpmi(const Work& work, const Corpus& corpus, const BuiltinOptions& options);

}  // namespace cairn::embed
