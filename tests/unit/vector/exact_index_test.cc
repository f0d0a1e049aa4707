#include <gtest/gtest.h>

#include <cfloat>
#include <limits>
#include <random>
#include <vector>

#include "kernels/distance.h"
#include "unit/kernels/require_kernel.h"
#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

using test::AllMetrics;
using test::MakeIndex;
using test::SearchOne;

TEST(ExactIndexTest, DimensionsOutOfRangeAreRefused) {
  for (uint32_t dim : {0u, 65536u, UINT32_MAX}) {
    VectorIndexOptions options;
    options.dim = dim;
    CAIRN_EXPECT_ERROR(MakeExactIndex(options), Code::kInvalidArgument, "dimension");
  }
  VectorIndexOptions options;
  options.dim = 4;
  options.metric = static_cast<Metric>(3);
  CAIRN_EXPECT_ERROR(MakeExactIndex(options), Code::kInvalidArgument, "metric");
}

TEST(ExactIndexTest, TheSmallestAndLargestDimensionWork) {
  for (uint32_t dim : {1u, 65535u}) {
    for (Metric metric : AllMetrics()) {
      std::mt19937 generator(dim);
      auto index = MakeIndex(dim, metric);
      test::Model model(dim, metric);
      for (uint64_t doc = 0; doc < 7; ++doc) {
        std::vector<float> vectors = test::RandomVectors(generator, 3, dim);
        CAIRN_ASSERT_OK(index->Add(DocNo{doc}, vectors.data(), 3));
        model.Add(DocNo{doc}, vectors.data(), 3);
      }
      std::vector<float> query = test::RandomVectors(generator, 1, dim);
      model.Check(SearchOne(*index->View(), query.data(), 10), query.data(), 10, nullptr);
    }
  }
}

TEST(ExactIndexTest, BadVectorsAreRefusedAndChangeNothing) {
  auto index = MakeIndex(2, Metric::kCosine);
  std::vector<float> vectors = {1, 2, 0, 0};
  Status status = index->Add(DocNo{1}, vectors.data(), 2);
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "zero");
  EXPECT_EQ(status.index(), 1u);
  vectors[2] = std::numeric_limits<float>::quiet_NaN();
  CAIRN_EXPECT_ERROR(index->Add(DocNo{1}, vectors.data(), 2), Code::kInvalidArgument, "NaN");
  CAIRN_EXPECT_ERROR(index->Add(DocNo{1}, nullptr, 1), Code::kInvalidArgument, "no data");
  EXPECT_EQ(index->View()->size(), 0u);
  EXPECT_EQ(index->View()->document_count(), 0u);
}

TEST(ExactIndexTest, ADocumentCannotBeAddedTwice) {
  auto index = MakeIndex(2, Metric::kL2);
  std::vector<float> first = {1, 1};
  std::vector<float> second = {9, 9};
  CAIRN_ASSERT_OK(index->Add(DocNo{7}, first.data(), 1));
  CAIRN_EXPECT_ERROR(index->Add(DocNo{7}, second.data(), 1), Code::kAlreadyExists, "7");
  EXPECT_EQ(index->View()->size(), 1u);
  EXPECT_EQ(SearchOne(*index->View(), first.data(), 5)[0].score, 0);
  index->Remove(DocNo{7});
  CAIRN_ASSERT_OK(index->Add(DocNo{7}, second.data(), 1));
  EXPECT_EQ(SearchOne(*index->View(), second.data(), 5)[0].score, 0);
}

TEST(ExactIndexTest, OrdinalsMustAscendAndMayHaveGaps) {
  auto index = MakeIndex(1, Metric::kL2);
  std::vector<float> vectors = {1, 2, 3};
  for (std::vector<uint32_t> bad : {std::vector<uint32_t>{0, 0, 1}, {2, 1, 3}, {0, 4, 4}}) {
    CAIRN_EXPECT_ERROR(index->AddChunks(DocNo{1}, bad, vectors.data()), Code::kInvalidArgument,
                       "ascend");
  }
  std::vector<uint32_t> ordinals = {0, 5, UINT32_MAX};
  CAIRN_ASSERT_OK(index->AddChunks(DocNo{1}, ordinals, vectors.data()));
  auto hits = SearchOne(*index->View(), vectors.data(), 9);
  ASSERT_EQ(hits.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(hits[i].chunk.ordinal, ordinals[i]);
}

TEST(ExactIndexTest, BadQueriesAreRefused) {
  auto index = MakeIndex(2, Metric::kCosine);
  std::vector<float> queries = {1, 1, 0, 0};
  std::vector<test::Hits> hits(5);
  Status status = index->View()->Search(queries.data(), 2, test::Nearest(3), &hits);
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "query");
  EXPECT_EQ(status.index(), 1u);
  EXPECT_EQ(hits.size(), 5u);
  CAIRN_EXPECT_ERROR(index->View()->Search(nullptr, 1, test::Nearest(3), &hits),
                     Code::kInvalidArgument, "no data");
}

TEST(ExactIndexTest, EmptyIndexNoQueriesAndNoneWanted) {
  for (Metric metric : AllMetrics()) {
    auto index = MakeIndex(2, metric);
    std::vector<float> queries = {1, 1, 2, 3};
    std::vector<test::Hits> hits(7);
    CAIRN_EXPECT_OK(index->View()->Search(queries.data(), 2, test::Nearest(3), &hits));
    EXPECT_EQ(hits, std::vector<test::Hits>(2));
    CAIRN_ASSERT_OK(index->Add(DocNo{1}, queries.data(), 2));
    CAIRN_EXPECT_OK(index->View()->Search(queries.data(), 2, test::Nearest(0), &hits));
    EXPECT_EQ(hits, std::vector<test::Hits>(2));
    CAIRN_EXPECT_OK(index->View()->Search(nullptr, 0, test::Nearest(3), &hits));
    EXPECT_TRUE(hits.empty());
    Bitmap none;
    EXPECT_TRUE(SearchOne(*index->View(), queries.data(), 3, &none).empty());
    EXPECT_EQ(SearchOne(*index->View(), queries.data(), SIZE_MAX).size(), 2u);
  }
}

TEST(ExactIndexTest, ADocumentWithoutVectorsIsNotThere) {
  auto index = MakeIndex(2, Metric::kCosine);
  CAIRN_EXPECT_OK(index->Add(DocNo{1}, nullptr, 0));
  EXPECT_EQ(index->View()->document_count(), 0u);
  std::vector<float> v = {1, 2};
  CAIRN_EXPECT_OK(index->Add(DocNo{1}, v.data(), 1));
  EXPECT_EQ(index->View()->document_count(), 1u);
}

TEST(ExactIndexTest, EveryVectorFindsItself) {
  for (Metric metric : {Metric::kCosine, Metric::kL2}) {
    for (uint32_t dim : {8u, 33u, 384u}) {
      std::mt19937 generator(dim);
      auto index = MakeIndex(dim, metric);
      std::vector<float> vectors = test::RandomVectors(generator, 900, dim);
      for (size_t i = 0; i < 300; ++i) {
        CAIRN_ASSERT_OK(index->Add(DocNo{i * 1000}, vectors.data() + i * 3 * dim, 3));
      }
      std::vector<test::Hits> hits;
      CAIRN_ASSERT_OK(index->View()->Search(vectors.data(), 900, test::Nearest(1), &hits));
      for (uint32_t i = 0; i < 900; ++i) {
        ASSERT_EQ(hits[i].size(), 1u);
        EXPECT_TRUE((hits[i][0].chunk == ChunkRef{DocNo{i / 3 * 1000ull}, i % 3})) << i;
        EXPECT_NEAR(hits[i][0].score, metric == Metric::kCosine ? 1 : 0, 1e-6);
      }
    }
  }
}

TEST(ExactIndexTest, CosineDoesNotDependOnLengths) {
  auto index = MakeIndex(3, Metric::kCosine);
  std::vector<float> vectors = {1e30f, 0, 0, 0, FLT_TRUE_MIN, 0, 3, 3, 0};
  CAIRN_ASSERT_OK(index->Add(DocNo{1}, vectors.data(), 3));
  for (float length : {FLT_TRUE_MIN, 1.0f, FLT_MAX}) {
    std::vector<float> query = {0, length, 0};
    auto hits = SearchOne(*index->View(), query.data(), 3);
    ASSERT_EQ(hits.size(), 3u);
    EXPECT_EQ(hits[0].chunk.ordinal, 1u);
    EXPECT_EQ(hits[0].score, 1);
    EXPECT_NEAR(hits[1].score, 0.70710678, 1e-6);
    EXPECT_EQ(hits[2].score, 0);
  }
}

TEST(ExactIndexTest, ScoresBeyondTheRangeOfFloatStayFiniteAndCounted) {
  std::vector<float> vectors = {FLT_MAX, FLT_MAX, FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, 1, 1};
  for (Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
    auto index = MakeIndex(2, metric);
    CAIRN_ASSERT_OK(index->Add(DocNo{1}, vectors.data(), 4));
    auto hits = SearchOne(*index->View(), vectors.data(), 9);
    ASSERT_EQ(hits.size(), 4u);
    for (const VectorHit& hit : hits) EXPECT_TRUE(kernels::AllFinite(&hit.score, 1));
    EXPECT_EQ(hits[0].chunk.ordinal, 0u);
    // The products of the second vector cancel out: inner product 0, not NaN.
    for (const VectorHit& hit : hits) {
      if (metric == Metric::kInnerProduct && hit.chunk.ordinal == 1) {
        EXPECT_EQ(hit.score, 0);
      }
    }
  }
}

TEST(ExactIndexTest, AnIdenticalVectorHasDistanceZeroNotMinusZero) {
  auto index = MakeIndex(2, Metric::kL2);
  std::vector<float> v = {1, 2};
  CAIRN_ASSERT_OK(index->Add(DocNo{1}, v.data(), 1));
  EXPECT_FALSE(std::signbit(SearchOne(*index->View(), v.data(), 1)[0].score));
}

TEST(ExactIndexTest, OptionsAreKept) {
  ThreadPool pool(1);
  auto index = MakeIndex(5, Metric::kInnerProduct, &pool);
  EXPECT_EQ(index->options().dim, 5u);
  EXPECT_EQ(index->options().metric, Metric::kInnerProduct);
  EXPECT_EQ(index->options().pool, &pool);
}

}  // namespace
}  // namespace cairn::vector
