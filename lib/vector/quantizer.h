#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/edge_sketch.h"
#include "vector/rotation.h"
#include "vector/vector_index.h"

namespace cairn::vector {

enum class CodeWidth : uint32_t { kFour = 4, kSeven = 7 };

/// A query ready to be scored against codes. Reused from query to query.
struct QueryCode {
  std::vector<int8_t> lanes;     ///< Quantizer::lanes() of them
  std::vector<float> rotated;    ///< scratch
  std::vector<uint8_t> shifted;  ///< likewise
  float weight = 0;
  float constant = 0;
  /// Of the query in steps, in the scale of kernels::ProjectCodeFunction of a code.
  std::array<float, kernels::kProjections> projections = {};
  float error = 0;  ///< distance from the query to what its lanes stand for
};

/// Scalar quantization with one step width for all coordinates of centred, rotated vectors, seven
/// or four bits each.
///
/// Every metric is brought to squared Euclidean distance: cosine by unit vectors, inner product by
/// one more coordinate that gives all vectors the same length (Bachrach et al., RecSys 2014), which
/// lives in the bias. So
///   distance(query, row) ~ bias(row) - weight(query) * dot(query lanes, code) + constant(query)
/// where a smaller one is nearer and the constant can be left out when rows are compared.
///
/// Thread safety: immutable after Train or the constructor.
class Quantizer {
 public:
  struct Parameters {
    uint32_t dim = 0;
    Metric metric = Metric::kCosine;
    CodeWidth width = CodeWidth::kSeven;
    float step = 1;
    float norm_bound = 0;       ///< inner product: the largest squared length; else 0
    std::vector<float> centre;  ///< of the rotated vectors
  };
  /// Gives row i of `count`.
  using RowSource = std::function<const float*(size_t i)>;

  /// Learns from a sample of the rows (unit length under cosine).
  static Quantizer Train(uint32_t dim, Metric metric, CodeWidth width, size_t count,
                         const RowSource& row);
  explicit Quantizer(Parameters parameters);

  const Parameters& parameters() const { return parameters_; }
  /// Coordinates of a code and a query, padded to a multiple of kernels::kCodeLanes.
  size_t lanes() const { return lanes_; }
  size_t code_bytes() const { return parameters_.width == CodeWidth::kSeven ? lanes_ : lanes_ / 2; }
  float step() const { return parameters_.step; }

  /// Writes code_bytes() bytes and returns the row's bias. `error_out`, when given, gets the
  /// squared distance between the vector and what the code stands for.
  float Encode(const float* vector, uint8_t* code_out, float* error_out = nullptr) const;
  /// `query` has unit length under cosine.
  void EncodeQuery(const float* query, QueryCode* out) const;
  /// The query that stands for a coded row itself (seven bits only), for distances between rows.
  void QueryOfCode(const uint8_t* code, float bias, QueryCode* out) const;

 private:
  void ProjectLanes(float scale, QueryCode* out) const;
  void RotateAndCentre(const float* vector, float* out) const;

  Parameters parameters_;
  size_t lanes_;
  std::shared_ptr<const Rotation> rotation_;
  std::shared_ptr<const std::vector<int8_t>> ones_;  // a query whose product is a code's sum
};

}  // namespace cairn::vector
