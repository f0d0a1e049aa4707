#pragma once

#include <cstdint>
#include <vector>

#include "embed/matrix.h"
#include "embed/work.h"

namespace cairn::embed {

/// A sparse float matrix, row after row. Row i holds the entries [begin[i], begin[i + 1]).
struct SparseMatrix {
  size_t rows = 0;
  size_t cols = 0;
  std::vector<uint64_t> begin;
  std::vector<uint32_t> col;
  std::vector<float> value;
};

/// The transposed matrix; entries of a row in ascending order of column.
SparseMatrix Transpose(const SparseMatrix& a);

/// a * x. Each row is summed in the order of its entries.
Matrix Multiply(const Work& work, const SparseMatrix& a, const Matrix& x);

}  // namespace cairn::embed
