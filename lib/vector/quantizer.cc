#include "vector/quantizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/code_distance.h"
#include "kernels/distance.h"

namespace cairn::vector {
namespace {

constexpr size_t kSampleRows = 8192;
constexpr size_t kMaxSampleFloats = 8u << 20;

/// How a coordinate, in steps, becomes a code: code = floor(steps + kShift), which stands for
/// code - kZero.
template <CodeWidth width>
struct Rounding;
template <>
struct Rounding<CodeWidth::kSeven> {
  static constexpr float kShift = 64.5f;
  static constexpr float kZero = 64.0f;
  static constexpr float kMax = 127.0f;
  static constexpr float kReach = 63.5f;   // steps that the codes reach on both sides
  static constexpr double kKeep = 0.9999;  // share of coordinates within the reach
};
template <>
struct Rounding<CodeWidth::kFour> {
  static constexpr float kShift = 8.0f;
  static constexpr float kZero = 7.5f;
  static constexpr float kMax = 15.0f;
  static constexpr float kReach = 8.0f;
  static constexpr double kKeep = 0.99;
};

float Zero(CodeWidth width) {
  return width == CodeWidth::kSeven ? Rounding<CodeWidth::kSeven>::kZero
                                    : Rounding<CodeWidth::kFour>::kZero;
}

/// Codes of `count` coordinates, one byte each; the squared length of what they stand for in steps,
/// and the squared error.
struct Coded {
  float length = 0;
  float error = 0;
};
template <CodeWidth width>
Coded RoundAll(const float* v, size_t count, float inverse_step, uint8_t* out) {
  using R = Rounding<width>;
  Coded coded;
  for (size_t i = 0; i < count; ++i) {
    float steps = v[i] * inverse_step;
    float code = std::clamp(steps + R::kShift, 0.0f, R::kMax + 0.5f);
    auto byte = static_cast<uint8_t>(static_cast<int32_t>(code));
    out[i] = byte;
    float kept = static_cast<float>(byte) - R::kZero;
    coded.length += kept * kept;
    coded.error += (steps - kept) * (steps - kept);
  }
  return coded;
}

template <CodeWidth width>
float StepFor(std::vector<float>* sizes) {
  using R = Rounding<width>;
  auto rank = static_cast<ptrdiff_t>(static_cast<double>(sizes->size() - 1) * R::kKeep);
  std::nth_element(sizes->begin(), sizes->begin() + rank, sizes->end());
  float reach = (*sizes)[static_cast<size_t>(rank)];
  return reach > 0 ? reach / R::kReach : 1.0f;
}

}  // namespace

Quantizer::Quantizer(Parameters parameters)
    : parameters_(std::move(parameters)),
      lanes_((parameters_.dim + kernels::kCodeLanes - 1) / kernels::kCodeLanes *
             kernels::kCodeLanes),
      rotation_(std::make_shared<Rotation>(parameters_.dim)),
      ones_(std::make_shared<std::vector<int8_t>>(lanes_, int8_t{1})) {}

Quantizer Quantizer::Train(uint32_t dim, Metric metric, CodeWidth width, size_t count,
                           const RowSource& row) {
  Parameters parameters;
  parameters.dim = dim;
  parameters.metric = metric;
  parameters.width = width;
  parameters.centre.assign(dim, 0.0f);
  Quantizer quantizer(std::move(parameters));
  Parameters& p = quantizer.parameters_;
  if (count == 0) return quantizer;
  if (metric == Metric::kInnerProduct) {
    for (size_t i = 0; i < count; ++i) {
      float length = kernels::ActiveKernel().dot(row(i), row(i), dim);
      if (std::isfinite(length)) p.norm_bound = std::max(p.norm_bound, length);
    }
  }
  size_t sample = std::min({count, kSampleRows, std::max<size_t>(64, kMaxSampleFloats / dim)});
  std::vector<float> rotated(sample * dim);
  for (size_t i = 0; i < sample; ++i) {
    const float* v = row(i * count / sample);
    std::copy(v, v + dim, rotated.data() + i * dim);
    quantizer.rotation_->Apply(rotated.data() + i * dim);
  }
  std::vector<double> sums(dim);
  for (size_t i = 0; i < sample; ++i) {
    for (size_t d = 0; d < dim; ++d) sums[d] += static_cast<double>(rotated[i * dim + d]);
  }
  for (size_t d = 0; d < dim; ++d) {
    p.centre[d] = static_cast<float>(sums[d] / static_cast<double>(sample));
  }
  for (size_t i = 0; i < sample; ++i) {
    for (size_t d = 0; d < dim; ++d) {
      rotated[i * dim + d] = std::fabs(rotated[i * dim + d] - p.centre[d]);
    }
  }
  p.step = width == CodeWidth::kSeven ? StepFor<CodeWidth::kSeven>(&rotated)
                                      : StepFor<CodeWidth::kFour>(&rotated);
  return quantizer;
}

void Quantizer::RotateAndCentre(const float* vector, float* out) const {
  const size_t dim = parameters_.dim;
  std::memcpy(out, vector, dim * sizeof(float));
  rotation_->Apply(out);
  const float* centre = parameters_.centre.data();
  for (size_t d = 0; d < dim; ++d) out[d] -= centre[d];
}

float Quantizer::Encode(const float* vector, uint8_t* code_out, float* error_out) const {
  const Parameters& p = parameters_;
  std::vector<float> rotated(p.dim);
  RotateAndCentre(vector, rotated.data());
  float inverse = 1 / p.step;
  Coded coded;
  if (p.width == CodeWidth::kSeven) {
    coded = RoundAll<CodeWidth::kSeven>(rotated.data(), p.dim, inverse, code_out);
    std::fill(code_out + p.dim, code_out + lanes_, uint8_t{64});
  } else {
    std::vector<uint8_t> wide(lanes_, 8);
    coded = RoundAll<CodeWidth::kFour>(rotated.data(), p.dim, inverse, wide.data());
    for (size_t group = 0; group < lanes_; group += 64) {
      for (size_t i = 0; i < 32; ++i) {
        code_out[group / 2 + i] =
            static_cast<uint8_t>(wide[group + i] | (wide[group + 32 + i] << 4));
      }
    }
  }
  float step_squared = p.step * p.step;
  if (error_out != nullptr) *error_out = coded.error * step_squared;
  float bias = coded.length * step_squared;
  if (p.metric == Metric::kInnerProduct) {
    float length = kernels::ActiveKernel().dot(vector, vector, p.dim);
    bias += std::max(0.0f, p.norm_bound - length);
  }
  return bias;
}

void Quantizer::EncodeQuery(const float* query, QueryCode* out) const {
  const size_t dim = parameters_.dim;
  out->rotated.resize(dim);
  out->lanes.resize(lanes_);
  float* rotated = out->rotated.data();
  RotateAndCentre(query, rotated);
  int8_t* lanes = out->lanes.data();
  std::fill(lanes + dim, lanes + lanes_, int8_t{0});
  auto [scale, sum, squares] = kernels::ActiveCodeKernel().round_query(rotated, dim, lanes);
  out->error = 0;
  out->weight = 0;
  out->constant = 0;
  if (scale > 0) {
    out->error = std::sqrt(kernels::ActiveKernel().dot(rotated, rotated, dim)) / scale;
    out->weight = 2 * parameters_.step / scale;
    // The length of what the lanes stand for, not of the query: so distances are those between that
    // and the codes, and the triangle inequality holds for them.
    out->constant = static_cast<float>(squares) / scale / scale +
                    out->weight * Zero(parameters_.width) * static_cast<float>(sum);
  }
  ProjectLanes(scale > 0 ? 1 / (scale * parameters_.step) : 0, out);
}

void Quantizer::ProjectLanes(float scale, QueryCode* out) const {
  const size_t chunks = lanes_ / kernels::kProjectedLanes;
  const float zeros = Zero(parameters_.width) * 8 * static_cast<float>(chunks);
  // Bytes 128 above the lanes are a code as ProjectCode takes it.
  constexpr int32_t kAbove = 128;
  out->shifted.resize(lanes_);
  const int8_t* __restrict lanes = out->lanes.data();
  uint8_t* __restrict shifted = out->shifted.data();
  for (size_t d = 0; d < lanes_; ++d) shifted[d] = static_cast<uint8_t>(lanes[d] + kAbove);
  std::array<int32_t, kernels::kProjections> sums;
  kernels::ActiveCodeKernel().project_code(shifted, lanes_, sums.data());
  const auto above = static_cast<int32_t>(kAbove * 8 * chunks);
  for (size_t k = 0; k < kernels::kProjections; ++k) {
    out->projections[k] = static_cast<float>(sums[k] - above) * scale + zeros;
  }
}

void Quantizer::QueryOfCode(const uint8_t* code, float bias, QueryCode* out) const {
  out->lanes.resize(lanes_);
  const size_t count = lanes_;
  int8_t* __restrict lanes = out->lanes.data();
  for (size_t d = 0; d < count; ++d) lanes[d] = static_cast<int8_t>(code[d] - 64);
  int32_t sum = 0;
  kernels::ActiveCodeKernel().dot7(ones_->data(), {code, 0, nullptr}, 1, lanes_, &sum);
  sum -= 64 * static_cast<int32_t>(lanes_);
  out->weight = 2 * parameters_.step * parameters_.step;
  out->constant = bias + out->weight * 64 * static_cast<float>(sum);
}

}  // namespace cairn::vector
