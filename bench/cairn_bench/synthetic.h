#pragma once

#include <string>

#include "cairn_bench/vector_set.h"

namespace cairn::bench {

struct SyntheticData {
  VectorSet base;
  VectorSet queries;
};

/// Clustered data as described by "NxD:seed": max(16, N / 500) centres with coordinates of N(0, 1);
/// each row is a random centre plus 0.7 N(0, 1) per coordinate; 1,000 queries drawn the same way.
/// The same text gives the same data. UsageError for other texts.
SyntheticData MakeSynthetic(const std::string& text);

}  // namespace cairn::bench
