#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// The vectors of one document as an index keeps them: valid, and of unit length under cosine.
class CheckedRows {
 public:
  /// kInvalidArgument as ValidateVectors, and for ordinals that do not ascend. `vectors` holds
  /// ordinals.size() rows and is borrowed.
  static Result<CheckedRows> Make(const VectorIndexOptions& options,
                                  std::span<const uint32_t> ordinals, const float* vectors);
  const float* data() const { return units_.empty() ? given_ : units_.data(); }

 private:
  explicit CheckedRows(const float* given) : given_(given) {}

  const float* given_;
  std::vector<float> units_;  // empty: those given are kept as they are
};

}  // namespace cairn::vector
