#include "embed/eigen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <cblas.h>

namespace cairn::embed {
namespace {

/// A tridiagonal matrix T and an orthogonal one with A = basis^T T basis.
struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> off;    // off[i] couples i and i + 1
  std::vector<double> basis;  // n x n, row-major
};

/// Makes `v` the unit vector w for which I - 2 w w^T maps the old v onto a multiple of the first
/// axis. Returns that multiple, or leaves v zero when there is nothing to map.
double MakeReflector(int n, double* v) {
  const double norm = cblas_dnrm2(n, v, 1);
  if (norm == 0) return 0;
  const double target = v[0] > 0 ? -norm : norm;
  v[0] -= target;
  cblas_dscal(n, 1 / cblas_dnrm2(n, v, 1), v, 1);
  return target;
}

/// block := (I - 2 v v^T) block (I - 2 v v^T), upper triangle of a symmetric n x n block.
void ReflectBothSides(int n, const double* v, double* block, int stride) {
  std::vector<double> w(static_cast<size_t>(n), 0.0);
  cblas_dsymv(CblasRowMajor, CblasUpper, n, 2.0, block, stride, v, 1, 0.0, w.data(), 1);
  cblas_daxpy(n, -cblas_ddot(n, w.data(), 1, v, 1), v, 1, w.data(), 1);
  cblas_dsyr2(CblasRowMajor, CblasUpper, n, -1.0, v, 1, w.data(), 1, block, stride);
}

/// block := block (I - 2 v v^T), a full n x n block.
void ReflectRight(int n, const double* v, double* block, int stride) {
  std::vector<double> w(static_cast<size_t>(n), 0.0);
  cblas_dgemv(CblasRowMajor, CblasNoTrans, n, n, 2.0, block, stride, v, 1, 0.0, w.data(), 1);
  cblas_dger(CblasRowMajor, n, n, -1.0, w.data(), 1, v, 1, block, stride);
}

/// Destroys `a`.
Tridiagonal Reduce(size_t n, std::vector<double>* a) {
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n, 0.0),
                std::vector<double>(n * n, 0.0)};
  const int stride = static_cast<int>(n);
  for (size_t k = 0; k + 1 < n; ++k) {
    // The row right of the diagonal is the reflector's place from here on.
    double* v = a->data() + k * n + k + 1;
    double* block = a->data() + (k + 1) * n + k + 1;
    const int size = static_cast<int>(n - k - 1);
    t.off[k] = MakeReflector(size, v);
    ReflectBothSides(size, v, block, stride);
  }
  for (size_t k = 0; k < n; ++k) {
    t.diagonal[k] = (*a)[k * n + k];
    t.basis[k * n + k] = 1;
  }
  for (size_t k = n; k-- > 0;) {
    if (k + 1 >= n) continue;
    ReflectRight(static_cast<int>(n - k - 1), a->data() + k * n + k + 1,
                 t.basis.data() + (k + 1) * n + k + 1, stride);
  }
  return t;
}

/// One implicit QR step on the unreduced block [low, high].
void QrStep(size_t low, size_t high, Tridiagonal* t) {
  std::vector<double>& d = t->diagonal;
  std::vector<double>& e = t->off;
  const size_t n = d.size();
  const double half = (d[high - 1] - d[high]) / 2;
  const double last = e[high - 1];
  const double shift = d[high] - last * last / (half + std::copysign(std::hypot(half, last), half));
  double x = d[low] - shift;
  double z = e[low];
  for (size_t k = low; k < high; ++k) {
    const double r = std::hypot(x, z);
    const double c = r == 0 ? 1 : x / r;
    const double s = r == 0 ? 0 : z / r;
    if (k > low) e[k - 1] = r;
    const double a = d[k];
    const double b = e[k];
    const double g = d[k + 1];
    d[k] = c * c * a + 2 * c * s * b + s * s * g;
    d[k + 1] = s * s * a - 2 * c * s * b + c * c * g;
    e[k] = c * s * (g - a) + (c * c - s * s) * b;
    if (k + 1 < high) {
      x = e[k];
      z = s * e[k + 1];
      e[k + 1] *= c;
    }
    cblas_drot(static_cast<int>(n), t->basis.data() + k * n, 1, t->basis.data() + (k + 1) * n, 1, c,
               s);
  }
}

/// Turns the basis into eigenvectors and the diagonal into eigenvalues.
Status Diagonalize(Tridiagonal* t) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  constexpr size_t kStepsPerValue = 60;
  std::vector<double>& d = t->diagonal;
  std::vector<double>& e = t->off;
  double largest = 0;
  for (double value : d) largest = std::max(largest, std::fabs(value));
  const double floor = largest * kEpsilon * 1e-2;
  size_t high = d.size() - 1;
  for (size_t step = 0; high > 0; ++step) {
    if (step > kStepsPerValue * d.size()) {
      return Error(Code::kInternal, "the eigenvalue iteration does not converge");
    }
    auto negligible = [&](size_t i) {
      return std::fabs(e[i]) <= kEpsilon * (std::fabs(d[i]) + std::fabs(d[i + 1])) + floor;
    };
    if (negligible(high - 1)) {
      --high;
      continue;
    }
    size_t low = high - 1;
    while (low > 0 && !negligible(low - 1)) --low;
    QrStep(low, high, t);
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<double>> SymmetricEigen(size_t n, std::vector<double>* a) {
  if (n == 0) return std::vector<double>();
  Tridiagonal t = Reduce(n, a);
  CAIRN_RETURN_IF_ERROR(Diagonalize(&t));
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t i, size_t j) { return t.diagonal[i] > t.diagonal[j]; });
  std::vector<double> values(n);
  for (size_t i = 0; i < n; ++i) {
    values[i] = t.diagonal[order[i]];
    std::copy_n(t.basis.data() + order[i] * n, n, a->data() + i * n);
  }
  return values;
}

}  // namespace cairn::embed
