#include "embed/svd.h"

#include <algorithm>
#include <utility>

namespace cairn::embed {
namespace {

constexpr size_t kExtraDirections = 20;
constexpr int kPowerIterations = 2;

/// splitmix64: a full-period generator whose state is a counter.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// Random signs: as good a test matrix as Gaussian numbers, and the same on every machine.
Matrix RandomSigns(size_t rows, size_t cols, uint64_t seed) {
  Matrix m(rows, cols);
  uint64_t bits = 0;
  for (size_t i = 0; i < rows * cols; ++i) {
    if (i % 64 == 0) bits = NextRandom(&seed);
    m.row(0)[i] = (bits & 1) != 0 ? 1.0F : -1.0F;
    bits >>= 1;
  }
  return m;
}

Matrix FirstColumns(const Matrix& m, size_t cols) {
  Matrix out(m.rows(), cols);
  for (size_t i = 0; i < m.rows(); ++i) std::copy_n(m.row(i), cols, out.row(i));
  return out;
}

}  // namespace

Result<RightSingular> RandomizedSvd(const Work& work, const SparseMatrix& a,
                                    const SparseMatrix& transposed, size_t rank, uint64_t seed) {
  const size_t limit = std::min(a.rows, a.cols);
  rank = std::min(rank, limit);
  const size_t width = std::min(rank + kExtraDirections, limit);
  if (rank == 0) return RightSingular{Matrix(a.cols, 0), {}};
  Matrix left = Multiply(work, a, RandomSigns(a.cols, width, seed));
  for (int i = 0;; ++i) {
    CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
    CAIRN_RETURN_IF_ERROR(Orthonormalize(work, &left).status());
    Matrix right = Multiply(work, transposed, left);
    CAIRN_RETURN_IF_ERROR(work.CheckCancelled());
    CAIRN_ASSIGN_OR_RETURN(std::vector<double> values, Orthonormalize(work, &right));
    if (i == kPowerIterations) {
      values.resize(rank);
      return RightSingular{FirstColumns(right, rank), std::move(values)};
    }
    left = Multiply(work, a, right);
  }
}

}  // namespace cairn::embed
