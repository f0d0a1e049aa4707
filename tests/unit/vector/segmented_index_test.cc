#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "unit/kernels/require_code_kernel.h"
#include "unit/kernels/require_kernel.h"
#include "unit/vector/segmented_model.h"
#include "vector/document_filter.h"

namespace cairn::vector {
namespace {

using test::AllMetrics;
using test::Clusters;
using test::Targeting;
using test::Twins;

/// Documents of one chunk with these vectors, from number `first` on.
void AddAll(Twins* twins, const std::vector<float>& vectors, uint64_t first = 1) {
  for (size_t at = 0; at < vectors.size(); at += twins->dim()) {
    auto begin = vectors.begin() + static_cast<ptrdiff_t>(at);
    twins->Add(DocNo{first++}, std::vector<float>(begin, begin + twins->dim()));
  }
}

void CheckDimension(uint32_t dim, size_t rows, Metric metric) {
  Twins twins(dim, metric);
  Clusters clusters(dim, dim, 20, 0.3f);
  AddAll(&twins, clusters.Points(rows));
  CAIRN_ASSERT_OK(twins.index().WaitIdle(-1));
  double recall = 0;
  const size_t query_count = dim < 1000 ? 30 : 8;
  for (size_t i = 0; i < query_count; ++i) {
    std::vector<float> query = clusters.Point(i % clusters.count());
    for (size_t k : {size_t{1}, size_t{10}, rows + 7}) {
      ASSERT_NO_FATAL_FAILURE(twins.CheckExact(Targeting(1, k), query.data())) << k;
    }
    test::Hits hits = test::SearchWith(*twins.index().View(), query.data(), Targeting(0.98f, 10));
    ASSERT_NO_FATAL_FAILURE(twins.CheckApproximate(hits, query.data(), 10, nullptr, &recall));
  }
  EXPECT_GE(recall / static_cast<double>(query_count), 0.95) << dim;
}

class SegmentedIndexTest : public ::testing::TestWithParam<Metric> {};
INSTANTIATE_TEST_SUITE_P(Metrics, SegmentedIndexTest,
                         ::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2));

TEST_P(SegmentedIndexTest, SmallDimensions) {
  for (uint32_t dim : {1u, 2u, 3u}) {
    ASSERT_NO_FATAL_FAILURE(CheckDimension(dim, 2500, GetParam())) << dim;
  }
}
TEST_P(SegmentedIndexTest, MiddleDimension) { CheckDimension(128, 2200, GetParam()); }
TEST_P(SegmentedIndexTest, LargeDimension) {
  bool graph = GetParam() == Metric::kCosine && !test::kSanitized;
  CheckDimension(1536, graph ? 2050 : 200, GetParam());
}
TEST_P(SegmentedIndexTest, LargestDimension) { CheckDimension(65'535, 40, GetParam()); }

TEST_P(SegmentedIndexTest, DuplicatesByTheThousand) {
  Twins twins(12, GetParam());
  Clusters clusters(5, 12, 20, 0.3f);
  std::vector<float> vectors = clusters.Points(4000);
  for (size_t row = 0; row < 4000; row += 2) {
    std::copy_n(vectors.begin() + static_cast<ptrdiff_t>(row / 2 % 3 * 12), 12,
                vectors.begin() + static_cast<ptrdiff_t>(row * 12));
  }
  AddAll(&twins, vectors);
  CAIRN_ASSERT_OK(twins.index().WaitIdle(-1));
  double recall = 0;
  for (size_t i = 0; i < 60; ++i) {
    std::vector<float> query = clusters.Point(i % 20);
    ASSERT_NO_FATAL_FAILURE(twins.CheckExact(Targeting(1, 10), query.data()));
    test::Hits hits = test::SearchWith(*twins.index().View(), query.data(), Targeting(0.98f, 10));
    ASSERT_NO_FATAL_FAILURE(twins.CheckApproximate(hits, query.data(), 10, nullptr, &recall));
  }
  EXPECT_GE(recall / 60, 0.95);
}

TEST_P(SegmentedIndexTest, AllVectorsEqual) {
  Twins twins(16, GetParam());
  AddAll(&twins, std::vector<float>(3000 * 16, 0.5f));
  CAIRN_ASSERT_OK(twins.index().WaitIdle(-1));
  std::vector<float> query(16, 0.5f);
  for (size_t k : {1, 10, 1000, 4000}) {
    ASSERT_NO_FATAL_FAILURE(twins.CheckExact(Targeting(1, k), query.data()));
    double recall = 0;
    test::Hits hits = test::SearchWith(*twins.index().View(), query.data(), Targeting(0.98f, k));
    ASSERT_NO_FATAL_FAILURE(twins.CheckApproximate(hits, query.data(), k, nullptr, &recall));
  }
}

TEST_P(SegmentedIndexTest, EmptyAndEmptiedCollections) {
  Twins twins(8, GetParam());
  std::vector<float> query(8, 1.0f);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(test::SearchWith(*twins.index().View(), query.data(), Targeting(0.98f, 5)).empty());
    EXPECT_TRUE(test::SearchWith(*twins.index().View(), query.data(), Targeting(1, 5)).empty());
    EXPECT_EQ(twins.index().View()->size(), 0u);
    EXPECT_EQ(twins.index().View()->document_count(), 0u);
    CAIRN_EXPECT_OK(twins.index().WaitIdle(-1));
    Clusters clusters(6, 8, 5, 0.3f);
    AddAll(&twins, clusters.Points(2600));
    // Numbers that were there before may come again.
    for (uint64_t doc = 1; doc <= 2600; ++doc) twins.Remove(DocNo{doc});
  }
  CAIRN_EXPECT_OK(twins.index().WaitIdle(-1));
  EXPECT_TRUE(test::SearchWith(*twins.index().View(), query.data(), Targeting(0.98f, 5)).empty());
}

TEST_P(SegmentedIndexTest, FiltersThatMatchNothingOrOneOrMoreThanThereIs) {
  Twins twins(8, GetParam());
  Clusters clusters(7, 8, 5, 0.3f);
  AddAll(&twins, clusters.Points(2600));
  std::vector<float> query = clusters.Point(0);
  twins.Remove(DocNo{1500});
  std::vector<std::vector<DocNo>> lists = {
      {}, {DocNo{1'000'000}}, {DocNo{1500}}, {DocNo{77}}, {DocNo{1500}, DocNo{3}, DocNo{2550}}};
  for (const std::vector<DocNo>& documents : lists) {
    DocumentFilter filter(documents);
    for (float target : {0.5f, 0.98f, 1.0f}) {
      double recall = 0;
      test::Hits hits =
          test::SearchWith(*twins.index().View(), query.data(), Targeting(target, 10, &filter));
      ASSERT_NO_FATAL_FAILURE(twins.CheckApproximate(hits, query.data(), 10, &filter, &recall));
      EXPECT_EQ(recall, 1);
    }
  }
}

TEST_P(SegmentedIndexTest, ARangeHoldsWhatTheReferenceHolds) {
  Twins twins(16, GetParam());
  Clusters clusters(8, 16, 10, 0.3f);
  AddAll(&twins, clusters.Points(3000));
  for (size_t i = 0; i < 10; ++i) {
    std::vector<float> query = clusters.Point(i);
    test::Hits all = test::SearchWith(*twins.exact().View(), query.data(), test::Nearest(SIZE_MAX));
    for (size_t place : {0, 1, 30, 63, 64, 65, 300, 1200, 2999}) {
      test::Hits expected = all;
      std::erase_if(expected, [&](const VectorHit& h) { return h.score < all[place].score; });
      SearchOptions options = Targeting(1, SIZE_MAX);
      options.min_score = all[place].score;
      ASSERT_EQ(test::SearchWith(*twins.index().View(), query.data(), options), expected);
      options.k = 20;
      if (expected.size() > 20) expected.resize(20);
      ASSERT_EQ(test::SearchWith(*twins.index().View(), query.data(), options), expected);
      EXPECT_EQ(test::SearchWith(*twins.exact().View(), query.data(), options), expected)
          << "the exact index";
      options.target_recall = 0.98f;
      test::Hits hits = test::SearchWith(*twins.index().View(), query.data(), options);
      for (const VectorHit& hit : hits) ASSERT_GE(hit.score, all[place].score);
    }
    SearchOptions none = Targeting(1, 10);
    none.min_score = all[0].score + std::fabs(all[0].score) + 1;
    EXPECT_TRUE(test::SearchWith(*twins.index().View(), query.data(), none).empty());
  }
}

TEST_P(SegmentedIndexTest, ABeamThatIsGivenIsUsed) {
  Twins twins(16, GetParam());
  Clusters clusters(9, 16, 30, 0.3f);
  AddAll(&twins, clusters.Points(test::kSanitized ? 4000 : 9000));
  CAIRN_ASSERT_OK(twins.index().WaitIdle(-1));
  double recall = 0;
  for (uint32_t ef : {1u, 10u, 40u, 80u, UINT32_MAX}) {
    for (size_t i = 0; i < 10; ++i) {
      std::vector<float> query = clusters.Point(i);
      SearchOptions options = Targeting(0.98f, 10);
      options.ef = ef;
      SearchWork work;
      test::Hits hits = test::SearchWith(*twins.index().View(), query.data(), options, &work);
      ASSERT_NO_FATAL_FAILURE(twins.CheckApproximate(hits, query.data(), 10, nullptr, &recall));
      if (work.mode == SearchWork::Mode::kGraph) {
        EXPECT_GE(work.ef, ef);
      }
      if (ef == UINT32_MAX) {
        EXPECT_EQ(work.mode, SearchWork::Mode::kExact);
      }
      if (ef == 10) {
        EXPECT_EQ(work.mode, SearchWork::Mode::kGraph);
      }
    }
  }
}

TEST(SegmentedIndexErrorsTest, QueriesThatAreNone) {
  for (Metric metric : AllMetrics()) {
    auto index = test::MakeSegmented(3, metric);
    std::vector<float> fine = {1, 2, 3};
    CAIRN_ASSERT_OK(index->Add(DocNo{1}, fine.data(), 1));
    std::vector<test::Hits> hits;
    VectorHit room[5];
    size_t count = 7;
    VectorViewPtr view = index->View();
    for (float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      std::vector<float> queries = {1, 2, 3, 4, bad, 6};
      CAIRN_EXPECT_ERROR(view->Search(queries.data(), 2, test::Nearest(5), &hits),
                         Code::kInvalidArgument, "vector 1 holds NaN or infinity");
      CAIRN_EXPECT_ERROR(view->SearchOne(queries.data() + 3, test::Nearest(5), room, &count),
                         Code::kInvalidArgument, "NaN");
      EXPECT_EQ(count, 0u);
      CAIRN_EXPECT_ERROR(index->Add(DocNo{2}, queries.data(), 2), Code::kInvalidArgument, "NaN");
    }
    std::vector<float> zero = {0, 0, 0};
    Status status = view->SearchOne(zero.data(), test::Nearest(5), room, &count);
    if (metric == Metric::kCosine) {
      CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "zero");
      CAIRN_EXPECT_ERROR(index->Add(DocNo{2}, zero.data(), 1), Code::kInvalidArgument, "zero");
    } else {
      CAIRN_EXPECT_OK(status);
      EXPECT_EQ(count, 1u);
    }
    CAIRN_EXPECT_ERROR(view->Search(nullptr, 1, test::Nearest(5), &hits), Code::kInvalidArgument,
                       "no data");
    CAIRN_EXPECT_OK(view->Search(nullptr, 0, test::Nearest(5), &hits));
    EXPECT_TRUE(hits.empty());
    CAIRN_EXPECT_ERROR(index->Add(DocNo{1}, fine.data(), 1), Code::kAlreadyExists, "1");
    std::vector<uint32_t> twice = {4, 4};
    std::vector<float> two(6, 1.0f);
    CAIRN_EXPECT_ERROR(index->AddChunks(DocNo{3}, twice, two.data()), Code::kInvalidArgument,
                       "ascend");
    EXPECT_EQ(index->View()->size(), 1u);
  }
}

TEST(SegmentedIndexErrorsTest, TargetsThatAreNone) {
  auto index = test::MakeSegmented(3, Metric::kL2);
  std::vector<float> query = {1, 2, 3};
  for (float target : {0.0f, -1.0f, 1.5f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    std::vector<test::Hits> hits;
    VectorHit room[5];
    size_t count = 7;
    CAIRN_EXPECT_ERROR(index->View()->Search(query.data(), 1, Targeting(target, 5), &hits),
                       Code::kInvalidArgument, "target_recall");
    CAIRN_EXPECT_ERROR(index->View()->SearchOne(query.data(), Targeting(target, 5), room, &count),
                       Code::kInvalidArgument, "target_recall");
    EXPECT_EQ(count, 0u);
  }
}

TEST(SegmentedIndexErrorsTest, DimensionsAndMetricsOutOfRange) {
  for (uint32_t dim : {0u, 65'536u}) {
    VectorIndexOptions options;
    options.dim = dim;
    CAIRN_EXPECT_ERROR(MakeSegmentedIndex(options), Code::kInvalidArgument, "dimension");
  }
}

TEST(SegmentedIndexFormsTest, BatchesAndSinglesAgree) {
  ThreadPool pool(2);
  Twins twins(16, Metric::kCosine, &pool);
  Clusters clusters(10, 16, 10, 0.3f);
  AddAll(&twins, clusters.Points(3000));
  CAIRN_ASSERT_OK(twins.index().WaitIdle(-1));
  std::vector<float> queries = clusters.Points(50);
  VectorViewPtr view = twins.index().View();
  std::vector<test::Hits> hits;
  SearchWork work;
  CAIRN_ASSERT_OK(view->Search(queries.data(), 50, Targeting(0.98f, 7), &hits, &work));
  ASSERT_EQ(hits.size(), 50u);
  EXPECT_GT(work.codes_scored, 0u);
  for (size_t i = 0; i < 50; ++i) {
    VectorHit room[7];
    size_t count = 0;
    CAIRN_ASSERT_OK(view->SearchOne(queries.data() + i * 16, Targeting(0.98f, 7), room, &count));
    EXPECT_EQ(hits[i], test::Hits(room, room + count)) << i;
  }
}

TEST(SegmentedIndexFormsTest, AViewOutlivesTheIndex) {
  ThreadPool pool(1);
  auto index = test::MakeSegmented(8, Metric::kL2, &pool);
  Clusters clusters(11, 8, 5, 0.3f);
  std::vector<float> vectors = clusters.Points(2500);
  for (uint64_t doc = 0; doc < 2500; ++doc) {
    CAIRN_ASSERT_OK(index->Add(DocNo{doc}, vectors.data() + doc * 8, 1));
  }
  VectorViewPtr view = index->View();
  index.reset();  // in the middle of sealing
  test::Hits hits = test::SearchWith(*view, vectors.data(), Targeting(1, 1));
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].score, 0);
}

}  // namespace
}  // namespace cairn::vector
