#include "vector/quantizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <vector>

#include "kernels/code_distance.h"
#include "kernels/distance.h"
#include "unit/kernels/require_code_kernel.h"
#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

constexpr size_t kRows = 300;

/// Vectors that lie off the origin, their quantizer and their codes.
struct Coded {
  Coded(uint32_t d, Metric m, CodeWidth width, uint32_t seed) : dim(d), metric(m), random(seed) {
    vectors = Vectors(kRows);
    quantizer = std::make_unique<Quantizer>(
        Quantizer::Train(dim, metric, width, kRows, [this](size_t i) { return Row(i); }));
    codes.resize(kRows * quantizer->code_bytes());
    for (size_t i = 0; i < kRows; ++i) {
      float error = 0;
      bias.push_back(quantizer->Encode(Row(i), Code(i), &error));
      errors.push_back(error);
    }
  }

  std::vector<float> Vectors(size_t count) {
    std::vector<float> out = test::RandomVectors(random, count, dim);
    for (size_t i = 0; i < out.size(); ++i) out[i] += i % dim % 3 == 0 ? 2.0f : -0.5f;
    if (metric == Metric::kCosine) {
      for (size_t i = 0; i < count; ++i) kernels::Normalize(out.data() + i * dim, dim);
    }
    return out;
  }
  const float* Row(size_t i) const { return vectors.data() + i * dim; }
  uint8_t* Code(size_t i) { return codes.data() + i * quantizer->code_bytes(); }

  double Squared(const float* a, const float* b) const {
    double sum = 0;
    for (uint32_t d = 0; d < dim; ++d) {
      sum += (double{a[d]} - double{b[d]}) * (double{a[d]} - double{b[d]});
    }
    return sum;
  }
  double Dot(const float* a, const float* b) const {
    double sum = 0;
    for (uint32_t d = 0; d < dim; ++d) sum += double{a[d]} * double{b[d]};
    return sum;
  }
  /// In the space where every metric is the Euclidean distance.
  double TrueDistance(const float* query, size_t row) const {
    if (metric != Metric::kInnerProduct) return Squared(query, Row(row));
    return Dot(query, query) + double{quantizer->parameters().norm_bound} -
           2 * Dot(query, Row(row));
  }
  float Estimate(const QueryCode& query, size_t row) {
    int32_t dot = 0;
    const kernels::CodeKernel& kernel = kernels::ActiveCodeKernel();
    auto score = quantizer->parameters().width == CodeWidth::kSeven ? kernel.dot7 : kernel.dot4;
    score(query.lanes.data(), {Code(row), 0, nullptr}, 1, quantizer->lanes(), &dot);
    return bias[row] - query.weight * static_cast<float>(dot) + query.constant;
  }
  double Scale(const float* query) const {
    double scale = Dot(query, query) + double{quantizer->parameters().norm_bound};
    for (size_t i = 0; i < kRows; ++i) scale = std::max(scale, Dot(Row(i), Row(i)));
    return scale;
  }
  /// What the code stands for, from the definition of the format.
  std::vector<double> Decoded(size_t row) {
    const Quantizer::Parameters& p = quantizer->parameters();
    std::vector<double> out(dim);
    for (uint32_t d = 0; d < dim; ++d) {
      double steps = 0;
      if (p.width == CodeWidth::kSeven) {
        steps = Code(row)[d] - 64.0;
      } else {
        int byte = Code(row)[d / 64 * 32 + d % 32];
        steps = (d % 64 < 32 ? byte & 15 : byte >> 4) - 7.5;
      }
      out[d] = steps * double{p.step};
    }
    return out;
  }

  uint32_t dim;
  Metric metric;
  std::mt19937 random;
  std::vector<float> vectors;
  std::unique_ptr<Quantizer> quantizer;
  std::vector<uint8_t> codes;
  std::vector<float> bias;
  std::vector<float> errors;
};

using Parameter = std::tuple<Metric, CodeWidth, uint32_t>;
class QuantizerTest : public ::testing::TestWithParam<Parameter> {
 protected:
  Coded Make() const {
    return Coded(std::get<2>(GetParam()), std::get<0>(GetParam()), std::get<1>(GetParam()), 5);
  }
};
INSTANTIATE_TEST_SUITE_P(All, QuantizerTest,
                         ::testing::Combine(::testing::Values(Metric::kCosine,
                                                              Metric::kInnerProduct, Metric::kL2),
                                            ::testing::Values(CodeWidth::kSeven, CodeWidth::kFour),
                                            ::testing::Values(1u, 3u, 64u, 100u, 768u)));

TEST_P(QuantizerTest, EstimatesKeepTheTriangleInequality) {
  Coded coded = Make();
  std::vector<float> queries = coded.Vectors(30);
  QueryCode query;
  for (size_t q = 0; q < 40; ++q) {
    // Rows themselves are queries too.
    const float* vector = q < 30 ? queries.data() + q * coded.dim : coded.Row(q);
    coded.quantizer->EncodeQuery(vector, &query);
    double tolerance = 4e-6 * coded.Scale(vector);
    for (size_t row = 0; row < kRows; ++row) {
      double distance = std::sqrt(std::max(0.0, coded.TrueDistance(vector, row)));
      double doubt = double{query.error} + std::sqrt(double{coded.errors[row]});
      double low = std::max(0.0, distance - doubt);
      double high = distance + doubt;
      double estimate = double{coded.Estimate(query, row)};
      ASSERT_GE(estimate, low * low * 0.9999 - tolerance) << "query " << q << " row " << row;
      ASSERT_LE(estimate, high * high * 1.0001 + tolerance) << "query " << q << " row " << row;
    }
  }
}

TEST_P(QuantizerTest, BiasAndErrorAreThoseOfTheDecodedVector) {
  Coded coded = Make();
  const Quantizer::Parameters& p = coded.quantizer->parameters();
  Rotation rotation(coded.dim);
  for (size_t row = 0; row < kRows; ++row) {
    std::vector<float> rotated(coded.Row(row), coded.Row(row) + coded.dim);
    rotation.Apply(rotated.data());
    std::vector<double> decoded = coded.Decoded(row);
    double length = 0;
    double error = 0;
    for (uint32_t d = 0; d < coded.dim; ++d) {
      length += decoded[d] * decoded[d];
      double missed = double{rotated[d]} - double{p.centre[d]} - decoded[d];
      error += missed * missed;
    }
    double expected = length;
    if (coded.metric == Metric::kInnerProduct) {
      expected += double{p.norm_bound} - coded.Dot(coded.Row(row), coded.Row(row));
    }
    double scale = coded.Scale(coded.Row(row));
    ASSERT_NEAR(double{coded.bias[row]}, expected, 2e-6 * scale) << row;
    ASSERT_NEAR(double{coded.errors[row]}, error, 1e-4 * error + 1e-7 * scale) << row;
  }
}

TEST_P(QuantizerTest, MostCoordinatesAreWithinHalfAStep) {
  Coded coded = Make();
  double step = double{coded.quantizer->step()};
  double sum = 0;
  for (float error : coded.errors) sum += double{error};
  double per_coordinate = sum / kRows / coded.dim / step / step;
  EXPECT_LT(per_coordinate, 0.2) << "evenly spread errors give 1/12";
}

TEST_P(QuantizerTest, NearerInDistanceIsBetterInScore) {
  Coded coded = Make();
  std::vector<float> queries = coded.Vectors(5);
  QueryCode query;
  for (size_t q = 0; q < 5; ++q) {
    const float* vector = queries.data() + q * coded.dim;
    coded.quantizer->EncodeQuery(vector, &query);
    double largest = *std::max_element(coded.errors.begin(), coded.errors.end());
    double doubt = double{query.error} + std::sqrt(largest);
    for (size_t a = 0; a < kRows; a += 11) {
      double far = std::sqrt(coded.TrueDistance(vector, a));
      for (size_t b = 0; b < kRows; ++b) {
        if (coded.Dot(vector, coded.Row(b)) <= coded.Dot(vector, coded.Row(a)) &&
            coded.metric != Metric::kL2) {
          continue;
        }
        double near = std::sqrt(std::max(0.0, coded.TrueDistance(vector, b)));
        if (coded.metric != Metric::kL2) {
          ASSERT_LT(near, far + 1e-6) << "a larger product is nearer";
        }
        if (near + doubt * 2.001 + 1e-3 >= far) continue;
        ASSERT_LT(coded.Estimate(query, b), coded.Estimate(query, a));
      }
    }
  }
}

TEST_P(QuantizerTest, CodedRowsAsQueriesGiveDistancesBetweenCodes) {
  Coded coded = Make();
  if (coded.quantizer->parameters().width != CodeWidth::kSeven) return;
  QueryCode query;
  for (size_t a = 0; a < 20; ++a) {
    coded.quantizer->QueryOfCode(coded.Code(a), coded.bias[a], &query);
    std::vector<double> from = coded.Decoded(a);
    for (size_t b = 0; b < 20; ++b) {
      std::vector<double> to = coded.Decoded(b);
      double expected = 0;
      double own[2] = {0, 0};
      for (uint32_t d = 0; d < coded.dim; ++d) {
        expected += (from[d] - to[d]) * (from[d] - to[d]);
        own[0] += from[d] * from[d];
        own[1] += to[d] * to[d];
      }
      if (coded.metric == Metric::kInnerProduct) {
        // Without the product of the further coordinates, which the graph builder takes off.
        expected += double{coded.bias[a]} - own[0] + double{coded.bias[b]} - own[1];
      }
      ASSERT_NEAR(double{coded.Estimate(query, b)}, expected, 4e-6 * coded.Scale(coded.Row(a)));
    }
  }
}

TEST(QuantizerEdgeTest, EqualVectorsAndNoVectors) {
  std::vector<float> same(64, 0.7f);
  for (Metric metric : test::AllMetrics()) {
    Quantizer quantizer =
        Quantizer::Train(64, metric, CodeWidth::kSeven, 100, [&](size_t) { return same.data(); });
    std::vector<uint8_t> code(quantizer.code_bytes());
    float error = -1;
    quantizer.Encode(same.data(), code.data(), &error);
    EXPECT_NEAR(error, 0, 1e-6);
    QueryCode query;
    quantizer.EncodeQuery(same.data(), &query);
    EXPECT_TRUE(std::isfinite(query.weight) && std::isfinite(query.constant));
    EXPECT_TRUE(std::isfinite(query.error));
  }
  Quantizer none = Quantizer::Train(5, Metric::kL2, CodeWidth::kSeven, 0,
                                    [](size_t) -> const float* { return nullptr; });
  EXPECT_EQ(none.lanes(), 64u);
}

}  // namespace
}  // namespace cairn::vector
