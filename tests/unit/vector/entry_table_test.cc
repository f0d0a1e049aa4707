#include "vector/entry_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "kernels/code_distance.h"
#include "unit/vector/segment_data.h"
#include "vector/graph_search.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 24;
constexpr uint32_t kRows = 3000;

/// The row where a search of a graph without links enters, which is all that it finds.
uint32_t EnteredRow(const Graph& graph, const Quantizer& quantizer, const float* vector,
                    uint64_t* codes_scored) {
  QueryCode query;
  quantizer.EncodeQuery(vector, &query);
  SearchScratch scratch;
  GraphTask task;
  task.query = &query;
  task.ef = task.keep = task.most_ties = 4;
  task.scratch = &scratch;
  task.codes_scored = codes_scored;
  SearchGraph(graph, task);
  EXPECT_LE(scratch.found.size(), 1u);
  return scratch.found.empty() ? kNoNeighbour : scratch.found[0].row;
}

class EntryTableTest : public ::testing::Test {
 protected:
  EntryTableTest()
      : vectors_(test::Clusters(3, kDim, 30, 0.4f).Points(kRows)),
        quantizer_(test::TrainOn(vectors_, kDim, Metric::kL2)),
        graph_(OwnedGraph::Create(quantizer_, kRows)) {
    test::EncodeRows(quantizer_, vectors_, 0, &graph_);
    for (uint32_t row = 5; row < kRows; row += 7) rows_.push_back(row);
  }

  std::vector<float> vectors_;
  Quantizer quantizer_;
  OwnedGraph graph_;
  std::vector<uint32_t> rows_;
};

TEST_F(EntryTableTest, EveryRowIsInOneGroupWithItsCode) {
  Graph graph = graph_.view();
  auto table = MakeEntryTable(quantizer_, graph, rows_);
  ASSERT_EQ(table->ends.size(), table->centres.size());
  ASSERT_EQ(table->ends.back(), table->entries.size());
  std::set<uint32_t> seen;
  const uint8_t* codes = table->codes.data();
  for (const auto* list : {&table->centres, &table->entries}) {
    for (const EntryTable::Entry& entry : *list) {
      EXPECT_EQ(std::memcmp(codes, graph.Code(entry.row), graph.code_bytes), 0);
      EXPECT_EQ(entry.bias, graph.bias[entry.row]);
      codes += graph.code_bytes;
      if (list == &table->centres) continue;
      EXPECT_TRUE(seen.insert(entry.row).second) << entry.row;
    }
  }
  EXPECT_EQ(codes, table->codes.data() + table->codes.size());
  EXPECT_EQ(seen, std::set<uint32_t>(rows_.begin(), rows_.end()));
  EXPECT_GE(table->heap_bytes(), table->codes.size());
}

TEST_F(EntryTableTest, GroupsAreSmallAndAroundTheirCentres) {
  Graph graph = graph_.view();
  auto table = MakeEntryTable(quantizer_, graph, rows_);
  EXPECT_LT(table->largest, rows_.size() / 2);
  EXPECT_GE(table->largest, table->centres.size());
  auto distance = [&](uint32_t a, uint32_t b) {
    QueryCode query;
    quantizer_.QueryOfCode(graph.Code(a), graph.bias[a], &query);
    int32_t dot = 0;
    kernels::ActiveCodeKernel().dot7(query.lanes.data(), {graph.blocks, graph.stride, &b}, 1,
                                     graph.lanes, &dot);
    return graph.bias[b] - query.weight * static_cast<float>(dot);
  };
  for (size_t group = 0; group < table->centres.size(); ++group) {
    uint32_t count = table->ends[group] - table->begin(group);
    EXPECT_LE(count, table->largest);
    for (uint32_t i = table->begin(group); i < table->ends[group]; ++i) {
      uint32_t row = table->entries[i].row;
      float own = distance(row, table->centres[group].row);
      for (const EntryTable::Entry& centre : table->centres) {
        ASSERT_LE(own, distance(row, centre.row) + 1e-3f) << "row " << row << " in group " << group;
      }
    }
  }
}

/// Without links a search finds where it entered.
TEST_F(EntryTableTest, ASearchEntersNearItsQuery) {
  Graph graph = graph_.view();
  auto table = MakeEntryTable(quantizer_, graph, rows_);
  graph.entries = rows_;
  uint64_t flat_codes = 0;
  uint64_t table_codes = 0;
  int same = 0;
  for (uint32_t row = 0; row < kRows; row += 10) {
    uint32_t entered[2];
    for (int by_table : {0, 1}) {
      graph.entry_table = by_table != 0 ? table.get() : nullptr;
      entered[by_table] = EnteredRow(graph, quantizer_, &vectors_[size_t{row} * kDim],
                                     by_table != 0 ? &table_codes : &flat_codes);
    }
    same += entered[0] == entered[1] ? 1 : 0;
    if (row % 7 == 5) {
      EXPECT_EQ(entered[1], row) << "an entry finds itself";
    }
  }
  EXPECT_GT(same, static_cast<int>(kRows) / 10 * 8 / 10);
  EXPECT_LT(table_codes * 2, flat_codes);
}

/// Clusters all as far from each other: no centre says where others are.
TEST(EntryTableOfManyClustersTest, EachClusterHasACentreBeforeAnyHasTwo) {
  constexpr uint32_t kWide = 256;
  constexpr uint32_t kClusters = 80;
  std::vector<float> vectors = test::Clusters(7, kWide, kClusters, 0.3f).Points(kRows);
  Quantizer quantizer = test::TrainOn(vectors, kWide, Metric::kL2);
  OwnedGraph owned = OwnedGraph::Create(quantizer, kRows);
  test::EncodeRows(quantizer, vectors, 0, &owned);
  std::vector<uint32_t> rows;
  for (uint32_t row = 3; row < kRows; row += 11) rows.push_back(row);
  Graph graph = owned.view();
  auto table = MakeEntryTable(quantizer, graph, rows, kClusters);
  std::set<uint32_t> met;
  for (const EntryTable::Entry& centre : table->centres) met.insert(centre.row % kClusters);
  EXPECT_EQ(met.size(), kClusters);
  graph.entries = rows;
  graph.entry_table = table.get();
  uint64_t scored = 0;
  for (uint32_t row = 0; row < kRows; row += 7) {
    uint32_t entered = EnteredRow(graph, quantizer, &vectors[size_t{row} * kWide], &scored);
    EXPECT_EQ(entered % kClusters, row % kClusters);
  }
}

TEST_F(EntryTableTest, HasAsManyCentresAsAskedForWhereThereAreRows) {
  Graph graph = graph_.view();
  EXPECT_EQ(MakeEntryTable(quantizer_, graph, rows_, 1)->centres.size(), 1u);
  EXPECT_EQ(MakeEntryTable(quantizer_, graph, rows_, 17)->centres.size(), 17u);
  EXPECT_EQ(MakeEntryTable(quantizer_, graph, rows_, 1'000'000)->centres.size(), rows_.size());
  std::vector<uint32_t> copies(40, rows_[0]);
  EXPECT_EQ(MakeEntryTable(quantizer_, graph, copies, 8)->centres.size(), 1u);
  EXPECT_EQ(MakeEntryTable(quantizer_, graph, copies)->entries.size(), 40u);
}

TEST_F(EntryTableTest, OfCodesWithoutSevenBitsThereIsNone) {
  Quantizer four = Quantizer::Train(kDim, Metric::kL2, CodeWidth::kFour, kRows,
                                    [&](size_t i) { return &vectors_[i * kDim]; });
  OwnedGraph owned = OwnedGraph::Create(four, kRows);
  EXPECT_TRUE(MakeEntryTable(four, owned.view(), rows_)->centres.empty());
}

TEST_F(EntryTableTest, NoneAndOne) {
  Graph graph = graph_.view();
  auto none = MakeEntryTable(quantizer_, graph, {});
  EXPECT_TRUE(none->entries.empty());
  graph.entry_table = none.get();
  uint64_t scored = 0;
  EXPECT_EQ(EnteredRow(graph, quantizer_, vectors_.data(), &scored), kNoNeighbour);
  auto one = MakeEntryTable(quantizer_, graph, std::span(rows_).first(1));
  graph.entry_table = one.get();
  EXPECT_EQ(EnteredRow(graph, quantizer_, vectors_.data(), &scored), rows_[0]);
}

}  // namespace
}  // namespace cairn::vector
