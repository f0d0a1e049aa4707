#include "vector/edge_sketches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/code_distance.h"
#include "unit/kernels/require_code_kernel.h"
#include "unit/vector/segment_data.h"
#include "vector/graph_search.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kRows = 2500;
constexpr size_t kQueries = test::kSanitized ? 60 : 200;
constexpr size_t kWanted = 10 * kQueries;

float LengthIn(const OwnedGraph& graph, uint32_t a, uint32_t b) {
  double sum = 0;
  for (size_t i = 0; i < graph.lanes; ++i) {
    int difference = graph.Code(a)[i] - graph.Code(b)[i];
    sum += difference * difference;
  }
  return static_cast<float>(std::sqrt(sum));
}

uint32_t BitsOf(const OwnedGraph& graph, uint32_t row, uint32_t edge) {
  uint32_t bits = 0;
  for (uint32_t plane = 0; plane < 4; ++plane) {
    uint8_t byte = graph.Sketch(row)[plane * 16 + edge % 16];
    bits |= static_cast<uint32_t>(edge < 16 ? byte & 15 : byte >> 4) << (4 * plane);
  }
  return bits;
}

/// Points of `dim` coordinates that vary in few directions, as embeddings do.
class FlatClusters {
 public:
  static constexpr size_t kDirections = 12;
  explicit FlatClusters(size_t dim, uint32_t seed = 5)
      : dim_(dim), clusters_(seed, kDirections, 40, 0.6f) {
    std::mt19937 random(99);
    directions_ = test::RandomVectors(random, kDirections, dim);
  }
  size_t count() const { return clusters_.count(); }
  std::vector<float> Point(size_t cluster) {
    std::vector<float> flat = clusters_.Point(cluster);
    std::vector<float> out(dim_);
    for (size_t k = 0; k < kDirections; ++k) {
      for (size_t d = 0; d < dim_; ++d) out[d] += flat[k] * directions_[k * dim_ + d];
    }
    return out;
  }
  std::vector<float> Points(size_t rows) {
    std::vector<float> out;
    for (size_t i = 0; i < rows; ++i) {
      std::vector<float> point = Point(i % count());
      out.insert(out.end(), point.begin(), point.end());
    }
    return out;
  }

 private:
  size_t dim_;
  test::Clusters clusters_;
  std::vector<float> directions_;
};

struct Built {
  Built(uint32_t d, Metric metric, uint32_t rows = kRows)
      : dim(d),
        vectors(FlatClusters(dim).Points(rows)),
        quantizer(test::TrainOn(Prepared(metric), dim, metric)),
        graph(OwnedGraph::Create(quantizer, rows)) {
    test::EncodeRows(quantizer, vectors, 0, &graph);
    CAIRN_EXPECT_OK(GrowGraph(quantizer, 0, {}, &graph));
    SketchEdges(quantizer, nullptr, &graph);
  }
  const std::vector<float>& Prepared(Metric metric) {
    if (metric == Metric::kCosine) test::NormalizeAll(&vectors, dim);
    return vectors;
  }

  uint32_t dim;
  std::vector<float> vectors;
  Quantizer quantizer;
  OwnedGraph graph;
};

TEST(EdgeSketchesTest, SignsAndLevelsAreThoseOfTheEdges) {
  Built built(150, Metric::kL2, 800);
  const OwnedGraph& graph = built.graph;
  ASSERT_TRUE(graph.edges.exists());
  size_t longer = 0;
  size_t edges = 0;
  for (uint32_t row = 0; row < graph.row_count; ++row) {
    int32_t own[kernels::kProjections];
    kernels::ActiveCodeKernel().project_code(graph.Code(row), graph.lanes, own);
    for (uint32_t j = 0; j < kMaxDegree && graph.Neighbours(row)[j] != kNoNeighbour; ++j) {
      uint32_t other = graph.Neighbours(row)[j];
      int32_t sums[kernels::kProjections];
      kernels::ActiveCodeKernel().project_code(graph.Code(other), graph.lanes, sums);
      uint32_t bits = BitsOf(graph, row, j);
      for (uint32_t k = 0; k < kernels::kSketchSigns; ++k) {
        ASSERT_EQ(bits >> k & 1, sums[k] > own[k] ? 1u : 0u) << "row " << row << " edge " << j;
      }
      float level = LengthIn(graph, row, other) / graph.edges.longest * 16;
      ++edges;
      longer += level >= 16 ? 1 : 0;
      ASSERT_NEAR(static_cast<float>(bits >> 12), std::min(level, 15.5f) - 0.5f, 0.51f);
    }
  }
  EXPECT_LT(longer * 50, edges);
}

TEST(EdgeSketchesTest, SmallCodesHaveNone) {
  for (uint32_t dim : {3u, 64u}) {
    Built built(dim, Metric::kL2, 300);
    EXPECT_FALSE(built.graph.edges.exists());
    EXPECT_EQ(built.graph.stride(), (built.graph.code_bytes + kNeighbourBytes + 63) / 64 * 64);
  }
}

TEST(EdgeSketchesTest, CopiesOfOneVectorHaveNone) {
  std::vector<float> vectors(128 * 200, 1.0f);
  Quantizer quantizer = test::TrainOn(vectors, 128, Metric::kL2);
  OwnedGraph graph = OwnedGraph::Create(quantizer, 200);
  test::EncodeRows(quantizer, vectors, 0, &graph);
  CAIRN_EXPECT_OK(GrowGraph(quantizer, 0, {}, &graph));
  SketchEdges(quantizer, nullptr, &graph);
  EXPECT_FALSE(graph.edges.exists());
}

TEST(EdgeSketchesTest, ThreadsWriteTheSame) {
  Built built(128, Metric::kCosine, 2000);
  std::vector<uint8_t> alone(built.graph.slab->data(),
                             built.graph.slab->data() + 2000 * built.graph.stride());
  for (uint32_t row = 0; row < 2000; ++row) {
    std::memset(built.graph.Sketch(row), 0xAB, kernels::kSketchBytes);
  }
  ThreadPool pool(3);
  SketchEdges(built.quantizer, &pool, &built.graph);
  ASSERT_TRUE(built.graph.edges.exists());
  EXPECT_EQ(std::memcmp(alone.data(), built.graph.slab->data(), alone.size()), 0);
}

/// Few projections tell nothing where all directions are alike.
TEST(EdgeSketchesTest, RoundClustersHaveNone) {
  std::vector<float> vectors = test::Clusters(5, 256, 1, 0.6f).Points(1000);
  Quantizer quantizer = test::TrainOn(vectors, 256, Metric::kL2);
  OwnedGraph graph = OwnedGraph::Create(quantizer, 1000);
  test::EncodeRows(quantizer, vectors, 0, &graph);
  CAIRN_EXPECT_OK(GrowGraph(quantizer, 0, {}, &graph));
  SketchEdges(quantizer, nullptr, &graph);
  EXPECT_FALSE(graph.edges.exists());
}

/// What a search finds and how many codes it scores, summed over queries.
struct Outcome {
  size_t found = 0;
  uint64_t scored = 0;
};
Outcome SearchAll(const Built& built, bool sketched, uint32_t ef) {
  Graph graph = built.graph.view();
  if (!sketched) graph.edges = {};
  FlatClusters clusters(built.dim);
  clusters.Points(kRows);  // the points that follow are new ones from the same clusters
  Outcome outcome;
  SearchScratch scratch;
  for (size_t i = 0; i < kQueries; ++i) {
    std::vector<float> vector = clusters.Point(i % clusters.count());
    if (built.quantizer.parameters().metric == Metric::kCosine) {
      kernels::Normalize(vector.data(), built.dim);
    }
    QueryCode query;
    built.quantizer.EncodeQuery(vector.data(), &query);
    GraphTask task;
    task.query = &query;
    task.scratch = &scratch;
    uint64_t ignored = 0;
    task.ef = task.keep = 2000;
    task.most_ties = 10;
    task.codes_scored = &ignored;
    SearchGraph(built.graph.view(), task);
    float worst = scratch.found[9].distance;
    task.ef = ef;
    task.keep = std::max(ef, 10u);
    task.codes_scored = &outcome.scored;
    SearchGraph(graph, task);
    for (size_t j = 0; j < 10; ++j) outcome.found += scratch.found[j].distance <= worst ? 1 : 0;
  }
  return outcome;
}

class EdgeSketchesSearchTest : public ::testing::TestWithParam<Metric> {};
INSTANTIATE_TEST_SUITE_P(Metrics, EdgeSketchesSearchTest,
                         ::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2));

/// Sketches are worth having only when a search that uses them finds as much with less work, so a
/// wider beam with them is compared with a narrower one without.
TEST_P(EdgeSketchesSearchTest, AsMuchIsFoundWithFewerCodes) {
  Built built(128, GetParam());
  EXPECT_GE(SearchAll(built, true, 400).found, kWanted * 99 / 100);
  ASSERT_TRUE(built.graph.edges.exists());
  Outcome without = SearchAll(built, false, 32);
  // Under inner product all rows are about as far away as the farthest that is kept, so hardly any
  // edge is left out.
  bool inner_product = GetParam() == Metric::kInnerProduct;
  Outcome with = SearchAll(built, true, inner_product ? 32 : 40);
  EXPECT_GE(with.found + kWanted / 100, without.found);
  if (inner_product) {
    EXPECT_LE(with.scored, without.scored);
  } else {
    EXPECT_LT(with.scored * 10, without.scored * 9);
  }
}

/// Sketches that follow each change of a list are those that are made in the end.
TEST_P(EdgeSketchesSearchTest, TheyAreKeptInStepWhileAGraphGrows) {
  Built built(128, GetParam(), 500);
  std::vector<float> more = FlatClusters(128, 6).Points(900);
  if (GetParam() == Metric::kCosine) test::NormalizeAll(&more, 128);
  std::copy(built.vectors.begin(), built.vectors.end(), more.begin());
  ASSERT_TRUE(built.graph.edges.exists());
  OwnedGraph grown = OwnedGraph::Create(built.quantizer, 900);
  std::memcpy(grown.slab->data(), built.graph.slab->data(), 500 * grown.stride());
  std::copy(built.graph.bias.begin(), built.graph.bias.end(), grown.bias.begin());
  grown.entries = built.graph.entries;
  grown.edges = built.graph.edges;
  test::EncodeRows(built.quantizer, more, 500, &grown);
  ThreadPool pool(2);
  GraphBuildOptions options;
  options.pool = &pool;
  CAIRN_EXPECT_OK(GrowGraph(built.quantizer, 500, options, &grown));
  size_t edges = 0;
  size_t levels = 0;
  for (uint32_t row = 0; row < 900; ++row) {
    std::vector<uint32_t> bits;
    for (uint32_t j = 0; j < kMaxDegree; ++j) bits.push_back(BitsOf(grown, row, j));
    EdgeSketcher sketcher(grown, row);
    sketcher.Clear();
    for (uint32_t j = 0; j < kMaxDegree && grown.Neighbours(row)[j] != kNoNeighbour; ++j) {
      sketcher.Write(j, grown.Neighbours(row)[j], LengthIn(grown, row, grown.Neighbours(row)[j]));
      uint32_t expected = BitsOf(grown, row, j);
      ++edges;
      ASSERT_EQ(bits[j] & 0xFFF, expected & 0xFFF) << "row " << row << " edge " << j;
      // A length on the border of two levels may be rounded to either.
      ASSERT_NEAR(static_cast<double>(bits[j] >> 12), static_cast<double>(expected >> 12), 1.0);
      levels += bits[j] >> 12 == expected >> 12 ? 1 : 0;
    }
  }
  EXPECT_GT(levels * 100, edges * 99);
}

}  // namespace
}  // namespace cairn::vector
