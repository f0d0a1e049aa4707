#pragma once

#include <cstdint>
#include <vector>

#include "embed/matrix.h"
#include "embed/sparse.h"

namespace cairn::embed {

/// The leading right singular vectors of a matrix.
struct RightSingular {
  Matrix vectors;              ///< one row per column of the matrix, `rank` columns
  std::vector<double> values;  ///< `rank` singular values, descending; zero beyond the true rank
};

/// Randomized truncated SVD with 20 extra directions and two power iterations (Halko, Martinsson,
/// Tropp 2011). `transposed` is Transpose(a). The rank is cut down to the smaller side of the
/// matrix. Deterministic for a seed, whatever the number of threads.
Result<RightSingular> RandomizedSvd(const Work& work, const SparseMatrix& a,
                                    const SparseMatrix& transposed, size_t rank, uint64_t seed);

}  // namespace cairn::embed
