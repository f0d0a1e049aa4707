#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "embed/builtin_model.h"

namespace cairn::embed {

/// What a term that occurs `frequency` times in a text counts in each block, before its own weight.
inline float LsaFrequencyWeight(float frequency) { return std::log2(1 + frequency); }
inline float PpmiFrequencyWeight(float frequency) { return 1 + std::log(frequency); }

/// A known term of a text.
struct TermUse {
  const ModelRow* row = nullptr;
  uint32_t frequency = 0;
};

/// Writes the vector of a text, header.dim() values: both blocks at equal weight, the whole of
/// length one; all zero when no term has a vector. The sum runs in the order of `terms`.
void FoldText(const ModelHeader& header, std::span<const TermUse> terms, float* out);

}  // namespace cairn::embed
