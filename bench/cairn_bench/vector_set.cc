#include "cairn_bench/vector_set.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace cairn::bench {

void Normalize(VectorSet* set) {
  for (size_t row = 0; row < set->count(); ++row) {
    float* values = set->values.data() + row * set->dim;
    double sum = 0;
    for (size_t i = 0; i < set->dim; ++i) sum += static_cast<double>(values[i]) * values[i];
    if (!(sum > 0)) throw std::runtime_error("row " + std::to_string(row) + " has no length");
    const double scale = 1 / std::sqrt(sum);
    for (size_t i = 0; i < set->dim; ++i) values[i] = static_cast<float>(values[i] * scale);
  }
}

}  // namespace cairn::bench
