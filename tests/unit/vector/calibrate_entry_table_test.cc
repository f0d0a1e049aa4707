#include "vector/calibrate_entry_table.h"

#include <gtest/gtest.h>

#include "unit/vector/segment_data.h"
#include "vector/graph_search.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 256;
constexpr uint32_t kClusters = 100;
constexpr uint32_t kRows = 40 * kClusters;

/// Clusters without a link from one to another.
class CalibrateEntryTableTest : public ::testing::Test {
 protected:
  CalibrateEntryTableTest()
      : vectors_(test::Clusters(5, kDim, kClusters, 0.4f).Points(kRows)),
        quantizer_(test::TrainOn(vectors_, kDim, Metric::kL2)),
        owned_(OwnedGraph::Create(quantizer_, kRows)) {
    test::EncodeRows(quantizer_, vectors_, 0, &owned_);
    for (uint32_t row = 0; row < kRows; ++row) {
      for (uint32_t i = 0; i < kMaxDegree; ++i) {
        owned_.Neighbours(row)[i] = (row + (i + 1) * kClusters) % kRows;
      }
      if (row % 13 == 0) entries_.push_back(row);
    }
  }

  /// How many of the rows a walk finds that enters by `table`.
  uint32_t Found(const EntryTable& table) const {
    Graph graph = owned_.view();
    graph.entry_table = &table;
    SearchScratch scratch;
    QueryCode query;
    uint64_t scored = 0;
    uint32_t found = 0;
    for (uint32_t row = 0; row < kRows; ++row) {
      quantizer_.EncodeQuery(&vectors_[size_t{row} * kDim], &query);
      GraphTask task;
      task.query = &query;
      task.ef = task.keep = task.most_ties = 20;
      task.scratch = &scratch;
      task.codes_scored = &scored;
      SearchGraph(graph, task);
      found += !scratch.found.empty() && scratch.found[0].row == row ? 1 : 0;
    }
    return found;
  }

  std::vector<float> vectors_;
  Quantizer quantizer_;
  OwnedGraph owned_;
  std::vector<uint32_t> entries_;
};

TEST_F(CalibrateEntryTableTest, EveryClusterCanBeEntered) {
  auto cheapest = MakeEntryTable(quantizer_, owned_.view(), entries_);
  ASSERT_LT(cheapest->centres.size(), kClusters);
  ASSERT_LT(Found(*cheapest), kRows * 99 / 100) << "these clusters show nothing";
  auto table = CalibrateEntryTable(quantizer_, owned_.view(), entries_);
  EXPECT_GE(Found(*table), kRows * 999 / 1000);
  EXPECT_LT(table->centres.size(), 2 * kClusters);
}

TEST_F(CalibrateEntryTableTest, MoreCentresThanHelpAreNotMade) {
  entries_.resize(1);
  auto table = CalibrateEntryTable(quantizer_, owned_.view(), entries_);
  EXPECT_EQ(table->centres.size(), 1u);
  entries_.clear();
  EXPECT_TRUE(CalibrateEntryTable(quantizer_, owned_.view(), entries_)->centres.empty());
}

TEST_F(CalibrateEntryTableTest, OneClusterNeedsNoMoreThanTheCheapest) {
  std::vector<float> vectors = test::Clusters(5, 24, 1, 0.4f).Points(kRows);
  Quantizer quantizer = test::TrainOn(vectors, 24, Metric::kL2);
  OwnedGraph owned = OwnedGraph::Create(quantizer, kRows);
  test::EncodeRows(quantizer, vectors, 0, &owned);
  CAIRN_ASSERT_OK(GrowGraph(quantizer, 0, {}, &owned));
  auto cheapest = MakeEntryTable(quantizer, owned.view(), owned.entries);
  auto table = CalibrateEntryTable(quantizer, owned.view(), owned.entries);
  EXPECT_EQ(table->centres.size(), cheapest->centres.size());
}

}  // namespace
}  // namespace cairn::vector
