#include "vector/document_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>
#include <vector>

#include "unit/vector/segment_data.h"
#include "vector/segment.h"

namespace cairn::vector {
namespace {

/// Documents of three chunks, from `first` on, in a shuffled order of rows.
std::shared_ptr<const Segment> MakeSegment(uint64_t first, uint32_t rows) {
  Quantizer::Parameters parameters;
  parameters.dim = 1;
  parameters.centre = {0};
  auto segment = std::make_shared<Segment>(Quantizer(parameters), RowTable(1));
  float zero = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    uint32_t place = (row * 7919) % rows;
    segment->rows.Append(&zero, {DocNo{first + place / 3}, place % 3});
  }
  segment->SortByDocument();
  return segment;
}

void ExpectRows(const DocumentFilter& filter, const std::shared_ptr<const Segment>& segment) {
  RowSetPtr rows = filter.RowsOf(segment);
  uint32_t count = 0;
  for (uint32_t row = 0; row < segment->size(); ++row) {
    bool in = filter.Test(segment->rows.Doc(row));
    ASSERT_EQ(rows->Test(row), in) << row;
    count += in ? 1 : 0;
  }
  ASSERT_EQ(rows->count, count);
  ASSERT_EQ(rows->words.size(), (segment->size() + 63) / 64);
}

TEST(DocumentFilterTest, RowsOfEverySegment) {
  std::mt19937 random(61);
  std::vector<std::shared_ptr<const Segment>> segments;
  for (uint32_t rows : {0u, 1u, 63u, 64u, 65u, 1000u}) segments.push_back(MakeSegment(50, rows));
  for (uint32_t one_in : {1u, 2u, 10u, 1000u}) {
    std::vector<DocNo> documents;
    for (uint64_t doc = 0; doc < 500; ++doc) {
      if (random() % one_in == 0) documents.push_back(DocNo{doc});
    }
    DocumentFilter filter(documents);
    for (const auto& segment : segments) ASSERT_NO_FATAL_FAILURE(ExpectRows(filter, segment));
  }
}

TEST(DocumentFilterTest, WorkedOutOnce) {
  auto segment = MakeSegment(0, 300);
  std::vector<DocNo> documents = {DocNo{3}, DocNo{99}, DocNo{1'000'000}};
  DocumentFilter filter(documents);
  EXPECT_EQ(filter.RowsOf(segment), filter.RowsOf(segment));
  EXPECT_EQ(filter.RowsOf(segment)->count, 6u);
}

TEST(DocumentFilterTest, MoreSegmentsThanAreRemembered) {
  std::vector<DocNo> documents = {DocNo{3}, DocNo{4}, DocNo{60}};
  DocumentFilter filter(documents);
  // Segments come and go: an address may be used again.
  for (uint32_t i = 0; i < 60; ++i) {
    auto segment = MakeSegment(i, 90 + i);
    ASSERT_NO_FATAL_FAILURE(ExpectRows(filter, segment)) << i;
  }
}

TEST(DocumentFilterTest, ManyThreads) {
  std::vector<std::shared_ptr<const Segment>> segments;
  for (uint32_t i = 0; i < 20; ++i) segments.push_back(MakeSegment(i, 200));
  std::vector<DocNo> documents = {DocNo{5}, DocNo{18}, DocNo{70}};
  DocumentFilter filter(documents);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < 200; ++i) ExpectRows(filter, segments[(i * (t + 1)) % 20]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SegmentTest, RowsOfADocument) {
  auto segment = MakeSegment(10, 301);
  for (uint64_t doc = 0; doc < 130; ++doc) {
    std::set<uint32_t> rows;
    segment->ForEachRowOf(DocNo{doc}, [&](uint32_t row) { rows.insert(row); });
    std::set<uint32_t> expected;
    for (uint32_t row = 0; row < segment->size(); ++row) {
      if (segment->rows.Doc(row) == DocNo{doc}) expected.insert(row);
    }
    ASSERT_EQ(rows, expected) << doc;
  }
}

}  // namespace
}  // namespace cairn::vector
