#include "vector/code_scan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <tuple>

#include "unit/kernels/require_code_kernel.h"
#include "unit/vector/segment_data.h"

namespace cairn::vector {
namespace {

/// A segment without links, its rows in no order of their chunks.
std::shared_ptr<Segment> MakeSegment(const std::vector<float>& vectors, uint32_t dim, Metric metric,
                                     CodeWidth width) {
  auto rows = static_cast<uint32_t>(vectors.size() / dim);
  auto segment =
      std::make_shared<Segment>(test::TrainOn(vectors, dim, metric, width), RowTable(dim));
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937(rows));
  auto graph = std::make_shared<OwnedGraph>(OwnedGraph::Create(segment->quantizer, rows));
  for (uint32_t row = 0; row < rows; ++row) {
    const float* vector = vectors.data() + size_t{row} * dim;
    segment->rows.Append(vector, {DocNo{order[row] / 3}, order[row] % 3});
    float error = 0;
    graph->bias[row] = segment->quantizer.Encode(vector, graph->Code(row), &error);
    segment->max_code_error = std::max(segment->max_code_error, std::sqrt(error));
  }
  segment->graph = graph->view();
  segment->graph_owner = graph;
  return segment;
}

test::Hits Scan(const Segment& segment, const RowMarks& dead, const RowSet* allowed,
                const float* query, size_t k, float min_score, SearchWork* work) {
  SearchScratch scratch;
  segment.quantizer.EncodeQuery(query, &scratch.query);
  test::Hits hits(k);
  BestHits best(hits.data(), k, min_score);
  ScanExactly(segment, dead, allowed, query, k, &scratch, &best, work);
  hits.resize(best.Finish());
  return hits;
}

constexpr float kNone = -std::numeric_limits<float>::infinity();

/// Every way to restrict a scan, against the exact reference.
void CheckScans(const Segment& segment, Metric metric, const std::vector<float>& queries) {
  const uint32_t dim = segment.rows.dim();
  std::mt19937 random(77);
  RowMarks none;
  RowMarks dead;
  for (uint32_t row = 0; row < segment.size(); ++row) {
    if (random() % 4 == 0) dead.Set(row);
  }
  RowSet sets[3];  // many, few, none
  for (size_t i = 0; i < 3; ++i) {
    sets[i].words.resize((segment.size() + 63) / 64);
    for (uint32_t row = 0; row < segment.size(); ++row) {
      if (i == 2 || random() % (i == 0 ? 2 : 40) != 0) continue;
      sets[i].words[row / 64] |= uint64_t{1} << (row % 64);
      ++sets[i].count;
    }
  }
  const RowSet* choices[] = {nullptr, &sets[0], &sets[1], &sets[2]};
  for (size_t at = 0; at < queries.size(); at += dim) {
    const float* query = queries.data() + at;
    for (size_t k : {size_t{1}, size_t{10}, size_t{100}, size_t{segment.size()} + 5}) {
      for (const RowMarks* marks : {&none, &dead}) {
        for (const RowSet* allowed : choices) {
          SearchWork work;
          test::Hits best = test::ExactBest(segment.rows, metric, query, k, [&](uint32_t row) {
            return !marks->Test(row) && (allowed == nullptr || allowed->Test(row));
          });
          ASSERT_EQ(Scan(segment, *marks, allowed, query, k, kNone, &work), best)
              << "k " << k << " dead " << marks->count() << " allowed "
              << (allowed == nullptr ? -1 : static_cast<int>(allowed->count));
          if (best.size() < 3) continue;
          float min_score = best[best.size() / 2].score;
          test::Hits range = best;
          std::erase_if(range, [&](const VectorHit& hit) { return hit.score < min_score; });
          ASSERT_EQ(Scan(segment, *marks, allowed, query, k, min_score, &work), range);
        }
      }
    }
  }
}

std::vector<float> Prepared(std::vector<float> vectors, uint32_t dim, Metric metric) {
  if (metric == Metric::kCosine) test::NormalizeAll(&vectors, dim);
  return vectors;
}

using Parameter = std::tuple<Metric, CodeWidth>;
class CodeScanTest : public ::testing::TestWithParam<Parameter> {
 protected:
  Metric metric() const { return std::get<0>(GetParam()); }
  void Check(const std::vector<float>& vectors, const std::vector<float>& queries, uint32_t dim) {
    auto segment =
        MakeSegment(Prepared(vectors, dim, metric()), dim, metric(), std::get<1>(GetParam()));
    CheckScans(*segment, metric(), Prepared(queries, dim, metric()));
  }
};
INSTANTIATE_TEST_SUITE_P(
    All, CodeScanTest,
    ::testing::Combine(::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2),
                       ::testing::Values(CodeWidth::kSeven, CodeWidth::kFour)));

TEST_P(CodeScanTest, Clustered) {
  for (uint32_t dim : {1u, 2u, 3u, 16u, 65u}) {
    test::Clusters clusters(dim, dim, 20, 0.2f);
    std::vector<float> vectors = clusters.Points(test::kSanitized ? 700 : 3000);
    ASSERT_NO_FATAL_FAILURE(Check(vectors, clusters.Points(3), dim)) << dim;
  }
}

TEST_P(CodeScanTest, SmallIntegersAndTheirTies) {
  std::mt19937 random(52);
  for (uint32_t dim : {1u, 2u, 4u, 8u}) {
    std::vector<float> vectors = test::IntegerVectors(random, 1200, dim);
    for (size_t i = 0; i < vectors.size(); i += dim) {
      if (metric() == Metric::kCosine) vectors[i] = 1;  // not zero
    }
    std::vector<float> queries(vectors.begin(), vectors.begin() + 3 * dim);
    ASSERT_NO_FATAL_FAILURE(Check(vectors, queries, dim)) << dim;
  }
}

TEST_P(CodeScanTest, OneHotVectors) {
  std::vector<float> vectors(1280 * 64);
  for (size_t row = 0; row < 1280; ++row) vectors[row * 64 + row % 64] = 1;
  std::vector<float> queries(vectors.begin(), vectors.begin() + 2 * 64);
  Check(vectors, queries, 64);
}

TEST_P(CodeScanTest, AllVectorsEqual) {
  std::vector<float> vectors(6000 * 5, 0.3f);
  Check(vectors, {0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 1, 0, 0, 0, 0}, 5);
}

TEST_P(CodeScanTest, QueriesFarFromAllRows) {
  test::Clusters clusters(53, 16, 10, 0.1f);
  std::vector<float> vectors = clusters.Points(1000);
  std::vector<float> queries = clusters.Points(2);
  for (size_t i = 0; i < 16; ++i) queries[i] *= -1000;
  for (size_t i = 16; i < 32; ++i) queries[i] *= 1e-6f;
  Check(vectors, queries, 16);
}

TEST_P(CodeScanTest, TightClustersFarFromTheOrigin) {
  // Distances are small against the numbers that they come from.
  std::mt19937 random(54);
  std::vector<float> vectors = test::RandomVectors(random, 1500, 8);
  for (float& x : vectors) x = 1000 + 0.01f * x;
  Check(vectors, std::vector<float>(vectors.begin(), vectors.begin() + 16), 8);
}

TEST_P(CodeScanTest, OneRowFarFromAllOthers) {
  // It stretches the largest coding error.
  test::Clusters clusters(55, 12, 10, 0.2f);
  std::vector<float> vectors = clusters.Points(9000);
  for (size_t d = 0; d < 12; ++d) vectors[12 * 77 + d] = 300;
  std::vector<float> queries = clusters.Points(1);
  queries.insert(queries.end(), 12, 299.0f);
  Check(vectors, queries, 12);
}

TEST_P(CodeScanTest, TinyAndHugeNumbers) {
  for (float scale : {1e-30f, 1e-18f, 1e-6f, 1e6f, 1e15f}) {
    std::mt19937 random(56);
    std::vector<float> vectors = test::RandomVectors(random, 600, 8);
    for (float& x : vectors) x *= scale;
    std::vector<float> queries(vectors.begin(), vectors.begin() + 16);
    ASSERT_NO_FATAL_FAILURE(Check(vectors, queries, 8)) << scale;
  }
}

TEST(CodeScanWorkTest, FewVectorsAreScored) {
  test::Clusters clusters(57, 64, 50, 0.3f);
  std::vector<float> vectors = Prepared(clusters.Points(5000), 64, Metric::kCosine);
  auto segment = MakeSegment(vectors, 64, Metric::kCosine, CodeWidth::kSeven);
  std::vector<float> query = Prepared(clusters.Points(1), 64, Metric::kCosine);
  SearchWork work;
  Scan(*segment, RowMarks(), nullptr, query.data(), 10, kNone, &work);
  EXPECT_EQ(work.codes_scored, 5000u);
  EXPECT_LT(work.vectors_scored, 500u);
}

}  // namespace
}  // namespace cairn::vector
