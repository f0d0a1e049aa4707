#include <gtest/gtest.h>

#include <cfloat>
#include <limits>
#include <vector>

#include "support/matchers.h"
#include "vector/vector_index.h"

namespace cairn::vector {
namespace {

TEST(ValidateVectorsTest, NamesTheRowThatIsNotFinite) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity()}) {
    for (size_t row = 0; row < 3; ++row) {
      for (size_t column = 0; column < 5; ++column) {
        std::vector<float> vectors(15, 1);
        vectors[row * 5 + column] = bad;
        for (Metric metric : {Metric::kCosine, Metric::kInnerProduct, Metric::kL2}) {
          Status status = ValidateVectors(vectors.data(), 3, 5, metric);
          CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "NaN or infinity");
          EXPECT_EQ(status.index(), row);
        }
      }
    }
  }
}

TEST(ValidateVectorsTest, ZeroIsRefusedUnderCosineOnly) {
  std::vector<float> vectors = {1, 0, 0, -0.0f, 0, 1};
  Status status = ValidateVectors(vectors.data(), 3, 2, Metric::kCosine);
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "zero");
  EXPECT_EQ(status.index(), 1u);
  CAIRN_EXPECT_OK(ValidateVectors(vectors.data(), 3, 2, Metric::kInnerProduct));
  CAIRN_EXPECT_OK(ValidateVectors(vectors.data(), 3, 2, Metric::kL2));
}

TEST(ValidateVectorsTest, MissingDataIsRefused) {
  CAIRN_EXPECT_ERROR(ValidateVectors(nullptr, 1, 2, Metric::kL2), Code::kInvalidArgument,
                     "no data");
}

TEST(ValidateVectorsTest, ExtremesAndNothingAreFine) {
  std::vector<float> vectors = {FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, 0};
  CAIRN_EXPECT_OK(ValidateVectors(vectors.data(), 2, 2, Metric::kCosine));
  CAIRN_EXPECT_OK(ValidateVectors(nullptr, 0, 2, Metric::kCosine));
}

}  // namespace
}  // namespace cairn::vector
