#include "vector/graph_builder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "unit/kernels/require_code_kernel.h"
#include "unit/vector/segment_data.h"
#include "vector/graph_search.h"

namespace cairn::vector {
namespace {

using test::Clusters;

struct Built {
  uint32_t dim;
  Metric metric;
  std::vector<float> vectors;
  Quantizer quantizer;
  OwnedGraph graph;
};

Built Build(std::vector<float> vectors, uint32_t dim, Metric metric, ThreadPool* pool = nullptr) {
  if (metric == Metric::kCosine) test::NormalizeAll(&vectors, dim);
  auto rows = static_cast<uint32_t>(vectors.size() / dim);
  Quantizer quantizer = test::TrainOn(vectors, dim, metric);
  OwnedGraph graph = OwnedGraph::Create(quantizer, rows);
  test::EncodeRows(quantizer, vectors, 0, &graph);
  GraphBuildOptions options;
  options.pool = pool;
  CAIRN_EXPECT_OK(GrowGraph(quantizer, 0, options, &graph));
  return {dim, metric, std::move(vectors), std::move(quantizer), std::move(graph)};
}

/// Lists that end where they should and name other rows, each once. How many rows no list names.
void CheckLists(const OwnedGraph& graph) {
  for (uint32_t row = 0; row < graph.row_count; ++row) {
    const uint32_t* neighbours = graph.Neighbours(row);
    std::set<uint32_t> seen;
    bool ended = false;
    for (uint32_t i = 0; i < kMaxDegree; ++i) {
      if (neighbours[i] == kNoNeighbour) ended = true;
      if (ended) {
        ASSERT_EQ(neighbours[i], kNoNeighbour) << "row " << row << " has a gap";
        continue;
      }
      ASSERT_LT(neighbours[i], graph.row_count) << "row " << row;
      ASSERT_NE(neighbours[i], row) << "row " << row << " is its own neighbour";
      ASSERT_TRUE(seen.insert(neighbours[i]).second) << "row " << row << " names one twice";
    }
  }
  for (uint32_t entry : graph.entries) ASSERT_LT(entry, graph.row_count);
}

uint32_t CountUnreachable(const OwnedGraph& graph) {
  std::vector<bool> reached(graph.row_count);
  std::vector<uint32_t> open = graph.entries;
  for (uint32_t row : open) reached[row] = true;
  while (!open.empty()) {
    uint32_t row = open.back();
    open.pop_back();
    for (uint32_t i = 0; i < kMaxDegree; ++i) {
      uint32_t other = graph.Neighbours(row)[i];
      if (other == kNoNeighbour) break;
      if (!reached[other]) open.push_back(other);
      reached[other] = true;
    }
  }
  return static_cast<uint32_t>(std::count(reached.begin(), reached.end(), false));
}

void CheckGraph(const OwnedGraph& graph) {
  CheckLists(graph);
  ASSERT_FALSE(graph.row_count > 0 && graph.entries.empty());
  ASSERT_EQ(CountUnreachable(graph), 0u) << "of " << graph.row_count;
}

/// recall@10 of the beam's rows, scored on their vectors.
double Recall(const Built& built, const std::vector<float>& queries, uint32_t ef) {
  SearchScratch scratch;
  uint64_t scored = 0;
  size_t good = 0;
  size_t wanted = 0;
  auto score = [&](const float* query, uint32_t row) {
    return Score(built.metric, query, built.vectors.data() + size_t{row} * built.dim, built.dim);
  };
  for (size_t at = 0; at < queries.size(); at += built.dim) {
    std::vector<float> query(queries.begin() + static_cast<ptrdiff_t>(at),
                             queries.begin() + static_cast<ptrdiff_t>(at + built.dim));
    if (built.metric == Metric::kCosine) test::NormalizeAll(&query, built.dim);
    std::vector<float> scores;
    for (uint32_t row = 0; row < built.graph.row_count; ++row) {
      scores.push_back(score(query.data(), row));
    }
    size_t k = std::min<size_t>(10, scores.size());
    std::nth_element(scores.begin(), scores.begin() + static_cast<ptrdiff_t>(k - 1), scores.end(),
                     std::greater<>());
    built.quantizer.EncodeQuery(query.data(), &scratch.query);
    // As segments are searched: copies of one vector do not fill the beam.
    auto most_ties = static_cast<uint32_t>(k);
    SearchGraph(built.graph.view(), {&scratch.query, ef, ef, most_ties, &scratch, &scored});
    size_t found = 0;
    std::set<uint32_t> rows;
    for (const Candidate& candidate : scratch.found) {
      EXPECT_TRUE(rows.insert(candidate.row).second) << "found twice";
      found += score(query.data(), candidate.row) >= scores[k - 1] ? 1 : 0;
    }
    good += std::min(found, k);
    wanted += k;
  }
  return static_cast<double>(good) / static_cast<double>(wanted);
}

constexpr size_t kRows = test::kSanitized ? 1600 : 3000;

class GraphBuilderTest : public ::testing::TestWithParam<Metric> {};
INSTANTIATE_TEST_SUITE_P(Metrics, GraphBuilderTest,
                         ::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2));

TEST_P(GraphBuilderTest, FewRows) {
  for (size_t rows : {1, 2, 3, 31, 32, 33, 34, 255, 256, 257, 300}) {
    Clusters clusters(1, 8, 4, 0.3f);
    Built built = Build(clusters.Points(rows), 8, GetParam());
    ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph)) << rows;
    EXPECT_EQ(Recall(built, clusters.Points(10), static_cast<uint32_t>(rows + 10)), 1.0) << rows;
  }
}

TEST_P(GraphBuilderTest, ClusteredRows) {
  Clusters clusters(2, 24, 60, 0.25f);
  Built built = Build(clusters.Points(kRows), 24, GetParam());
  ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph));
  double recall = Recall(built, clusters.Points(100), 100);
  RecordProperty("recall", std::to_string(recall));
  EXPECT_GE(recall, 0.97);
}

TEST_P(GraphBuilderTest, FarClusters) {
  Clusters clusters(3, 16, 40, 0.001f);
  Built built = Build(clusters.Points(kRows), 16, GetParam());
  ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph));
}

TEST_P(GraphBuilderTest, SeveralThreads) {
  ThreadPool pool(3);
  Clusters clusters(4, 16, 30, 0.25f);
  Built built = Build(clusters.Points(kRows), 16, GetParam(), &pool);
  ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph));
  EXPECT_GE(Recall(built, clusters.Points(100), 100), 0.97);
}

TEST_P(GraphBuilderTest, OneThreadAlwaysBuildsTheSame) {
  Clusters clusters(5, 8, 10, 0.3f);
  std::vector<float> vectors = clusters.Points(1000);
  Built a = Build(vectors, 8, GetParam());
  Built b = Build(vectors, 8, GetParam());
  EXPECT_EQ(a.graph.entries, b.graph.entries);
  EXPECT_EQ(std::memcmp(a.graph.slab->data(), b.graph.slab->data(), a.graph.slab->bytes()), 0);
}

TEST_P(GraphBuilderTest, AllVectorsEqual) {
  std::vector<float> vectors(3000 * 8, 0.5f);
  Built built = Build(vectors, 8, GetParam());
  ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph));
  EXPECT_EQ(Recall(built, std::vector<float>(8, 0.5f), 10), 1.0);
}

TEST_P(GraphBuilderTest, DuplicatesByTheThousand) {
  // Half of the rows are three vectors, a thousand times each and more.
  Clusters clusters(6, 12, 20, 0.3f);
  std::vector<float> vectors = clusters.Points(kRows);
  for (size_t row = 0; row < kRows; row += 2) {
    std::copy_n(vectors.begin() + static_cast<ptrdiff_t>(row / 2 % 3 * 12), 12,
                vectors.begin() + static_cast<ptrdiff_t>(row * 12));
  }
  Built built = Build(vectors, 12, GetParam());
  ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph));
  double recall = Recall(built, clusters.Points(60), 120);
  RecordProperty("recall", std::to_string(recall));
  EXPECT_GE(recall, 0.95);
}

TEST_P(GraphBuilderTest, Growing) {
  Clusters clusters(7, 16, 30, 0.25f);
  std::vector<float> all = clusters.Points(kRows);
  std::vector<float> queries = clusters.Points(100);
  uint32_t rows = 600;
  Built built = Build(std::vector<float>(all.begin(), all.begin() + 600 * 16), 16, GetParam());
  if (GetParam() == Metric::kCosine) test::NormalizeAll(&all, 16);
  // By much, by little, by one.
  for (uint32_t more : {900u, 30u, 1u, static_cast<uint32_t>(kRows) - 1531}) {
    if (more == 0 || more > kRows) continue;
    uint32_t grown_rows = std::min<uint32_t>(rows + more, static_cast<uint32_t>(kRows));
    built.vectors.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(grown_rows * 16));
    OwnedGraph grown = OwnedGraph::Create(built.quantizer, grown_rows);
    std::memcpy(grown.slab->data(), built.graph.slab->data(), built.graph.slab->bytes());
    std::copy(built.graph.bias.begin(), built.graph.bias.end(), grown.bias.begin());
    grown.entries = built.graph.entries;
    test::EncodeRows(built.quantizer, built.vectors, rows, &grown);
    CAIRN_ASSERT_OK(GrowGraph(built.quantizer, rows, {}, &grown));
    built.graph = std::move(grown);
    rows = grown_rows;
    ASSERT_NO_FATAL_FAILURE(CheckGraph(built.graph)) << rows;
  }
  EXPECT_GE(Recall(built, queries, 100), 0.96);
}

/// The rows that come later are in clusters far from all that the first ones knew.
TEST(GraphBuilderTest, GrowingIntoOtherClusters) {
  constexpr uint32_t kDim = 512;
  constexpr uint32_t kClusters = test::kSanitized ? 25 : 60;
  constexpr uint32_t kFirst = 500;
  constexpr auto kAll = static_cast<uint32_t>(test::kSanitized ? 3000 : 9000);
  std::vector<float> all = Clusters(11, kDim, 2, 0.2f).Points(kFirst);
  Clusters others(12, kDim, kClusters, 0.7f);
  std::vector<float> more = others.Points(kAll - kFirst);
  all.insert(all.end(), more.begin(), more.end());
  Quantizer quantizer = test::TrainOn(all, kDim, Metric::kL2);
  OwnedGraph graph = OwnedGraph::Create(quantizer, kFirst);
  test::EncodeRows(quantizer, {all.begin(), all.begin() + kFirst * kDim}, 0, &graph);
  CAIRN_ASSERT_OK(GrowGraph(quantizer, 0, {}, &graph));
  OwnedGraph grown = OwnedGraph::Create(quantizer, kAll);
  std::memcpy(grown.slab->data(), graph.slab->data(), graph.slab->bytes());
  std::copy(graph.bias.begin(), graph.bias.end(), grown.bias.begin());
  grown.entries = graph.entries;
  test::EncodeRows(quantizer, all, kFirst, &grown);
  CAIRN_ASSERT_OK(GrowGraph(quantizer, kFirst, {}, &grown));
  ASSERT_NO_FATAL_FAILURE(CheckGraph(grown));
  Built built{kDim, Metric::kL2, std::move(all), std::move(quantizer), std::move(grown)};
  EXPECT_GE(Recall(built, others.Points(100), 60), 0.995);
}

/// `built` without the dead rows, as a job does it.
Built CopyLive(const Built& built, const RowMarks& dead) {
  std::vector<float> live;
  for (uint32_t row = 0; row < built.graph.row_count; ++row) {
    if (dead.Test(row)) continue;
    auto begin = built.vectors.begin() + static_cast<ptrdiff_t>(size_t{row} * built.dim);
    live.insert(live.end(), begin, begin + built.dim);
  }
  OwnedGraph to =
      OwnedGraph::Create(built.quantizer, static_cast<uint32_t>(live.size() / built.dim));
  test::EncodeRows(built.quantizer, live, 0, &to);
  CAIRN_EXPECT_OK(CopyLiveGraph(built.quantizer, built.graph.view(), dead, {}, &to));
  return {built.dim, built.metric, std::move(live), built.quantizer, std::move(to)};
}

TEST_P(GraphBuilderTest, CopyWithoutThirtyPercent) {
  Clusters clusters(8, 24, 60, 0.25f);
  std::vector<float> queries = clusters.Points(100);
  Built built = Build(clusters.Points(kRows), 24, GetParam());
  std::mt19937 random(8);
  RowMarks dead;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (random() % 100 < 30) dead.Set(row);
  }
  Built copy = CopyLive(built, dead);
  ASSERT_NO_FATAL_FAILURE(CheckLists(copy.graph));
  EXPECT_EQ(CountUnreachable(copy.graph), 0u);
  Built fresh = Build(copy.vectors, 24, GetParam());
  for (uint32_t ef : {20u, 40u, 80u}) {
    double kept = Recall(copy, queries, ef);
    double best = Recall(fresh, queries, ef);
    EXPECT_GE(kept, best - 0.02) << "ef " << ef;
  }
}

TEST_P(GraphBuilderTest, CopyOfHalf) {
  // Whole clusters go, every second one. Where more than half are dead, graphs are built anew.
  Clusters clusters(9, 16, 40, 0.2f);
  std::vector<float> queries = clusters.Points(100);
  Built built = Build(clusters.Points(kRows), 16, GetParam());
  RowMarks dead;
  for (uint32_t row = 0; row < kRows; row += 2) dead.Set(row);
  Built copy = CopyLive(built, dead);
  ASSERT_NO_FATAL_FAILURE(CheckLists(copy.graph));
  EXPECT_EQ(CountUnreachable(copy.graph), 0u) << "of " << copy.graph.row_count;
  Built fresh = Build(copy.vectors, 16, GetParam());
  EXPECT_GE(Recall(copy, queries, 40), Recall(fresh, queries, 40) - 0.02);
}

TEST_P(GraphBuilderTest, CopyOfNothing) {
  Clusters clusters(10, 8, 4, 0.2f);
  Built built = Build(clusters.Points(200), 8, GetParam());
  RowMarks dead;
  for (uint32_t row = 0; row < 200; ++row) dead.Set(row);
  Built copy = CopyLive(built, dead);
  EXPECT_EQ(copy.graph.row_count, 0u);
  EXPECT_TRUE(copy.graph.entries.empty());
}

TEST(GraphBuildOptionsTest, ACancelledBuildSaysSo) {
  Clusters clusters(11, 8, 4, 0.2f);
  std::vector<float> vectors = clusters.Points(2000);
  Quantizer quantizer = test::TrainOn(vectors, 8, Metric::kL2);
  OwnedGraph graph = OwnedGraph::Create(quantizer, 2000);
  test::EncodeRows(quantizer, vectors, 0, &graph);
  GraphBuildOptions options;
  options.cancelled = [] { return true; };
  CAIRN_EXPECT_ERROR(GrowGraph(quantizer, 0, options, &graph), Code::kCancelled, "cancelled");
}

}  // namespace
}  // namespace cairn::vector
