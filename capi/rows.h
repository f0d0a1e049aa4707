#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "base/status.h"
#include "query/nearest.h"

namespace cairn::capi {

/// The caller's arrays for the hits of a search by vectors: rows of `k`.
struct HitRows {
  static constexpr uint32_t kMaxK = 100000;

  uint64_t* keys;
  uint32_t* ordinals;  ///< may be null
  float* scores;
  uint32_t* counts;
  size_t row_count;
  size_t k;

  /// Zeroes the arrays; invalid_argument when they cannot be.
  Status Clear() const {
    if (k == 0 || k > kMaxK) {
      return Error(Code::kInvalidArgument, "k is ", k, ", must be 1 to ", kMaxK);
    }
    if (row_count == 0) return OkStatus();
    if (keys == nullptr || scores == nullptr || counts == nullptr) {
      return Error(Code::kInvalidArgument, "an output array is NULL");
    }
    if (row_count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(uint64_t) / k) {
      return Error(Code::kInvalidArgument, "query_count ", row_count, " is impossible");
    }
    Zero();
    return OkStatus();
  }
  /// Hits of the queries before the one that failed are not to be seen.
  Status ClearOnFailure(Status status) const {
    if (!status.ok()) Zero();
    return status;
  }
  query::NearestRows Out() const { return {keys, ordinals, scores, counts}; }

 private:
  void Zero() const {
    std::fill_n(keys, row_count * k, 0);
    std::fill_n(scores, row_count * k, 0.0f);
    std::fill_n(counts, row_count, 0);
    if (ordinals != nullptr) std::fill_n(ordinals, row_count * k, 0);
  }
};

inline Result<std::span<const float>> ReadQueries(const float* queries, size_t query_count,
                                                  uint32_t dim) {
  if (dim == 0) return Error(Code::kInvalidArgument, "dim is 0");
  if (query_count == 0) return std::span<const float>();
  if (queries == nullptr) return Error(Code::kInvalidArgument, "queries is NULL");
  if (query_count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float) / dim) {
    return Error(Code::kInvalidArgument, "query_count ", query_count, " is impossible");
  }
  return std::span(queries, query_count * dim);
}

}  // namespace cairn::capi
