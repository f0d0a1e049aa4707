#pragma once

#include <cstddef>
#include <vector>

#include "embed/work.h"

namespace cairn::embed {

/// A dense row-major float matrix. Thread safety: thread-compatible.
class Matrix {
 public:
  Matrix() = default;
  Matrix(size_t rows, size_t cols) : rows_(rows), cols_(cols), data_(rows * cols) {}

  size_t rows() const { return rows_; }
  size_t cols() const { return cols_; }
  float* row(size_t i) { return data_.data() + i * cols_; }
  const float* row(size_t i) const { return data_.data() + i * cols_; }

 private:
  size_t rows_ = 0;
  size_t cols_ = 0;
  std::vector<float> data_;
};

/// Replaces the columns of `m` by its left singular vectors, the largest singular value first, and
/// returns the singular values. Columns beyond the numerical rank become zero, with value zero.
/// Goes through the eigenvectors of m^T m in double precision.
Result<std::vector<double>> Orthonormalize(const Work& work, Matrix* m);

}  // namespace cairn::embed
