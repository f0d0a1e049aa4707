#include "embed/matrix.h"

#include <algorithm>
#include <cmath>

#include <cblas.h>

#include "embed/eigen.h"

namespace cairn::embed {
namespace {

constexpr size_t kRowBlock = 1024;
constexpr size_t kGramParts = 16;
/// Eigenvalues of the Gram matrix below this share of the largest are rounding noise.
constexpr double kRankTolerance = 1e-10;

/// Adds the Gram matrix of rows [begin, end) to `gram` (upper triangle).
void AddGram(const Matrix& m, size_t begin, size_t end, std::vector<double>* scratch,
             std::vector<double>* gram) {
  const size_t cols = m.cols();
  scratch->assign(m.row(begin), m.row(begin) + (end - begin) * cols);
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, static_cast<int>(cols),
              static_cast<int>(end - begin), 1.0, scratch->data(), static_cast<int>(cols), 1.0,
              gram->data(), static_cast<int>(cols));
}

/// m^T m, upper triangle, summed in an order that only the shape decides.
std::vector<double> Gram(const Work& work, const Matrix& m) {
  const size_t blocks = (m.rows() + kRowBlock - 1) / kRowBlock;
  const size_t parts = std::min(blocks, kGramParts);
  std::vector<std::vector<double>> sums(parts);
  work.ParallelFor(parts, [&](size_t part) {
    sums[part].assign(m.cols() * m.cols(), 0.0);
    std::vector<double> scratch;
    for (size_t block = part; block < blocks; block += parts) {
      AddGram(m, block * kRowBlock, std::min(m.rows(), (block + 1) * kRowBlock), &scratch,
              &sums[part]);
    }
  });
  for (size_t part = 1; part < parts; ++part) {
    for (size_t i = 0; i < sums[0].size(); ++i) sums[0][i] += sums[part][i];
  }
  return parts == 0 ? std::vector<double>(m.cols() * m.cols()) : std::move(sums[0]);
}

/// m := m * right, where right is cols x cols.
void MultiplyInPlace(const Work& work, const std::vector<float>& right, Matrix* m) {
  const int cols = static_cast<int>(m->cols());
  work.ParallelBlocks(m->rows(), kRowBlock, [&](size_t begin, size_t end) {
    std::vector<float> copy(m->row(begin), m->row(begin) + (end - begin) * m->cols());
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(end - begin), cols,
                cols, 1.0F, copy.data(), cols, right.data(), cols, 0.0F, m->row(begin), cols);
  });
}

}  // namespace

Result<std::vector<double>> Orthonormalize(const Work& work, Matrix* m) {
  const size_t n = m->cols();
  if (n == 0) return std::vector<double>();
  std::vector<double> vectors = Gram(work, *m);
  CAIRN_ASSIGN_OR_RETURN(std::vector<double> values, SymmetricEigen(n, &vectors));
  std::vector<double> singular(n, 0.0);
  std::vector<float> right(n * n, 0.0F);
  for (size_t j = 0; j < n; ++j) {
    if (!(values[j] > kRankTolerance * values[0])) continue;
    singular[j] = std::sqrt(values[j]);
    for (size_t i = 0; i < n; ++i) {
      right[i * n + j] = static_cast<float>(vectors[j * n + i] / singular[j]);
    }
  }
  MultiplyInPlace(work, right, m);
  return singular;
}

}  // namespace cairn::embed
