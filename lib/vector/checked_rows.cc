#include "vector/checked_rows.h"

#include <algorithm>
#include <functional>

#include "kernels/distance.h"

namespace cairn::vector {

Result<CheckedRows> CheckedRows::Make(const VectorIndexOptions& options,
                                      std::span<const uint32_t> ordinals, const float* vectors) {
  if (std::adjacent_find(ordinals.begin(), ordinals.end(), std::greater_equal<>()) !=
      ordinals.end()) {
    return Error(Code::kInvalidArgument, "chunk ordinals do not ascend");
  }
  size_t count = ordinals.size();
  CAIRN_RETURN_IF_ERROR(ValidateVectors(vectors, count, options.dim, options.metric));
  CheckedRows rows(vectors);
  if (options.metric != Metric::kCosine || count == 0) return rows;
  rows.units_.assign(vectors, vectors + count * options.dim);
  for (size_t i = 0; i < count; ++i) {
    kernels::Normalize(rows.units_.data() + i * options.dim, options.dim);
  }
  return rows;
}

}  // namespace cairn::vector
