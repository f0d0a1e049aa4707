#include "vector/row_marks.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace cairn::vector {
namespace {

TEST(RowMarksTest, NothingIsMarkedAtFirst) {
  RowMarks marks;
  EXPECT_EQ(marks.count(), 0u);
  EXPECT_FALSE(marks.Test(0));
  EXPECT_FALSE(marks.Test(UINT32_MAX));
}

TEST(RowMarksTest, EdgesOfWordsAndPages) {
  RowMarks marks;
  std::set<uint32_t> rows = {0, 63, 64, 32'767, 32'768, 32'831, 65'535, 65'536, 1'000'000};
  for (uint32_t row : rows) {
    EXPECT_TRUE(marks.Set(row)) << row;
    EXPECT_FALSE(marks.Set(row)) << row;
  }
  EXPECT_EQ(marks.count(), rows.size());
  for (uint32_t row : rows) {
    EXPECT_TRUE(marks.Test(row));
    EXPECT_EQ(marks.Test(row + 1), rows.count(row + 1) == 1) << row;
  }
  EXPECT_FALSE(marks.Test(500'000)) << "in a page that was never made";
}

TEST(RowMarksTest, VersionsStayAsTheyWere) {
  std::mt19937 random(21);
  RowMarks marks;
  std::set<uint32_t> model;
  std::vector<std::pair<RowMarks, std::set<uint32_t>>> versions;
  for (int i = 0; i < 400; ++i) {
    auto row = static_cast<uint32_t>(random() % 100'000);
    EXPECT_EQ(marks.Set(row), model.insert(row).second);
    if (i % 10 == 0) versions.emplace_back(marks, model);
  }
  // A copy goes its own way too.
  RowMarks branch = versions[5].first;
  branch.Set(99'999);
  branch.Set(3);
  for (const auto& [version, expected] : versions) {
    ASSERT_EQ(version.count(), expected.size());
    for (uint32_t row = 0; row < 100'000; row += 1) {
      ASSERT_EQ(version.Test(row), expected.count(row) == 1) << row;
    }
  }
}

TEST(RowMarksTest, HeapBytesCountPages) {
  RowMarks marks;
  uint64_t none = marks.heap_bytes();
  marks.Set(5);
  EXPECT_GE(marks.heap_bytes(), none + 4096);
  uint64_t one = marks.heap_bytes();
  marks.Set(6);
  EXPECT_EQ(marks.heap_bytes(), one);
}

}  // namespace
}  // namespace cairn::vector
