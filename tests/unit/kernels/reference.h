#pragma once

#include <cfloat>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace cairn::test {

/// The dimensions that kernels are checked with: every remainder of every width, and real ones.
inline std::vector<size_t> TestDims() {
  std::vector<size_t> dims;
  for (size_t dim = 1; dim <= 70; ++dim) dims.push_back(dim);
  for (size_t dim : {100, 128, 384, 512, 768, 1536, 65535}) dims.push_back(dim);
  return dims;
}

inline std::vector<float> RandomFloats(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> floats(count);
  for (float& x : floats) x = normal(generator);
  return floats;
}

/// A sum in double, and how far a float kernel may be from it: the usual bound for sums in at least
/// 16 chains, (n / 16 + 16) roundings, each of the size of the sum of magnitudes.
struct Reference {
  double value = 0;
  double tolerance = 0;
};

template <typename Term>
Reference SumTerms(size_t dim, Term term) {
  Reference out;
  double magnitude = 0;
  for (size_t i = 0; i < dim; ++i) {
    out.value += term(i);
    magnitude += std::fabs(term(i));
  }
  out.tolerance = (static_cast<double>(dim) / 16 + 16) * (FLT_EPSILON / 2) * magnitude;
  return out;
}

inline Reference DotReference(const float* a, const float* b, size_t dim) {
  return SumTerms(dim, [=](size_t i) { return double{a[i]} * double{b[i]}; });
}

/// Each difference is rounded, then squared: two roundings more per term, within the 16.
inline Reference L2Reference(const float* a, const float* b, size_t dim) {
  return SumTerms(dim, [=](size_t i) {
    double difference = double{a[i]} - double{b[i]};
    return difference * difference;
  });
}

}  // namespace cairn::test
