#include "vector/segment_builder.h"

#include <gtest/gtest.h>

#include "unit/vector/segment_data.h"
#include "vector/code_scan.h"

namespace cairn::vector {
namespace {

RowTable TableOf(const std::vector<float>& vectors, uint32_t dim, uint64_t first_doc) {
  RowTable table(dim);
  for (size_t at = 0; at < vectors.size(); at += dim) {
    table.Append(vectors.data() + at, {DocNo{first_doc++}, 0});
  }
  return table;
}

SegmentPtr Build(SegmentPtr base, const RowMarks& dead, RowTable added) {
  SegmentInput input{std::move(base), dead, std::move(added)};
  SegmentBuildOptions options;
  options.metric = Metric::kL2;
  auto built = BuildSegment(input, options);
  EXPECT_TRUE(built.ok());
  return std::move(built).value().segment;
}

void ExpectExact(const Segment& segment, const float* query) {
  SearchScratch scratch;
  segment.quantizer.EncodeQuery(query, &scratch.query);
  test::Hits hits(10);
  BestHits best(hits.data(), 10, -std::numeric_limits<float>::infinity());
  SearchWork work;
  ScanExactly(segment, RowMarks(), nullptr, query, 10, &scratch, &best, &work);
  hits.resize(best.Finish());
  ASSERT_EQ(hits,
            test::ExactBest(segment.rows, Metric::kL2, query, 10, [](uint32_t) { return true; }));
}

TEST(SegmentBuilderTest, CodesAreMadeAnewWheneverTheQuantizerIs) {
  constexpr uint32_t kDim = 8;
  test::Clusters clusters(1, kDim, 10, 0.3f);
  SegmentPtr first = Build(nullptr, {}, TableOf(clusters.Points(800), kDim, 1));
  RowMarks dead;
  for (uint32_t row = 0; row < 800; row += 4) dead.Set(row);
  SegmentPtr compacted = Build(first, dead, RowTable(kDim));
  ASSERT_EQ(compacted->size(), 600u);
  ASSERT_EQ(compacted->trained_rows, 800u) << "the quantizer is kept";
  // As many rows as the first quantizer was trained with, but it does not fit the new ones.
  std::vector<float> far = clusters.Points(200);
  for (float& x : far) x *= 100;
  SegmentPtr grown = Build(compacted, {}, TableOf(far, kDim, 1000));
  ASSERT_EQ(grown->size(), 800u);
  ASSERT_GT(grown->quantizer.step(), 10 * first->quantizer.step()) << "trained again";
  for (uint32_t row = 0; row < 800; row += 50) {
    ASSERT_NO_FATAL_FAILURE(ExpectExact(*grown, grown->rows.Vector(row))) << row;
  }
}

TEST(SegmentBuilderTest, NoRowsAtAll) {
  SegmentPtr empty = Build(nullptr, {}, RowTable(4));
  EXPECT_EQ(empty->size(), 0u);
  test::Clusters clusters(2, 4, 3, 0.3f);
  SegmentPtr some = Build(nullptr, {}, TableOf(clusters.Points(50), 4, 1));
  RowMarks dead;
  for (uint32_t row = 0; row < 50; ++row) dead.Set(row);
  EXPECT_EQ(Build(some, dead, RowTable(4))->size(), 0u);
  SegmentPtr anew = Build(some, dead, TableOf(clusters.Points(60), 4, 100));
  EXPECT_EQ(anew->size(), 60u);
  ExpectExact(*anew, anew->rows.Vector(7));
}

}  // namespace
}  // namespace cairn::vector
