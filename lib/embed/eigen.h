#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"

namespace cairn::embed {

/// Eigenvalues of a symmetric matrix, the largest first.
///
/// `a` holds n x n values row by row, of which the upper triangle is read; afterwards it holds the
/// eigenvectors, one per row, of length one. Householder reduction to tridiagonal form, then
/// implicit QR steps with Wilkinson's shift (Golub and Van Loan, section 8.3). kInternal when the
/// values are not finite.
Result<std::vector<double>> SymmetricEigen(size_t n, std::vector<double>* a);

}  // namespace cairn::embed
