#include "embed/sparse.h"

#include <cblas.h>

namespace cairn::embed {

SparseMatrix Transpose(const SparseMatrix& a) {
  SparseMatrix t;
  t.rows = a.cols;
  t.cols = a.rows;
  t.begin.assign(t.rows + 1, 0);
  t.col.resize(a.col.size());
  t.value.resize(a.value.size());
  for (uint32_t c : a.col) ++t.begin[c + 1];
  for (size_t i = 0; i < t.rows; ++i) t.begin[i + 1] += t.begin[i];
  std::vector<uint64_t> next(t.begin.begin(), t.begin.end() - 1);
  for (size_t row = 0; row < a.rows; ++row) {
    for (uint64_t i = a.begin[row]; i < a.begin[row + 1]; ++i) {
      uint64_t slot = next[a.col[i]]++;
      t.col[slot] = static_cast<uint32_t>(row);
      t.value[slot] = a.value[i];
    }
  }
  return t;
}

Matrix Multiply(const Work& work, const SparseMatrix& a, const Matrix& x) {
  constexpr size_t kRowBlock = 128;
  Matrix y(a.rows, x.cols());
  const int width = static_cast<int>(x.cols());
  work.ParallelBlocks(a.rows, kRowBlock, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      for (uint64_t i = a.begin[row]; i < a.begin[row + 1]; ++i) {
        cblas_saxpy(width, a.value[i], x.row(a.col[i]), 1, y.row(row), 1);
      }
    }
  });
  return y;
}

}  // namespace cairn::embed
