#include "vector/row_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace cairn::vector {
namespace {

constexpr uint32_t kPageRows = RowTable::kPageRows;

/// The values of a row follow from the seed of its table and its number.
std::vector<float> VectorOf(uint32_t seed, uint32_t row, uint32_t dim) {
  std::vector<float> v(dim);
  for (uint32_t d = 0; d < dim; ++d) v[d] = static_cast<float>(seed * 7 + row * 3 + d);
  return v;
}
ChunkRef ChunkOf(uint32_t seed, uint32_t row) {
  return {DocNo{uint64_t{seed} << 40 | row}, row % 5};
}

void Fill(RowTable* table, uint32_t seed, uint32_t rows) {
  while (rows-- != 0) {
    uint32_t row = table->size();
    table->Append(VectorOf(seed, row, table->dim()).data(), ChunkOf(seed, row));
  }
}

void ExpectRows(const RowTable& table, uint32_t seed, uint32_t begin, uint32_t end) {
  for (uint32_t row = begin; row < end; ++row) {
    std::vector<float> v(table.Vector(row), table.Vector(row) + table.dim());
    ASSERT_EQ(v, VectorOf(seed, row, table.dim())) << "row " << row;
    ASSERT_EQ(table.Chunk(row), ChunkOf(seed, row)) << "row " << row;
  }
}

/// What a mapped file would hold.
struct Arrays {
  Arrays(uint32_t seed, uint32_t rows, uint32_t dim) {
    for (uint32_t row = 0; row < rows; ++row) {
      std::vector<float> v = VectorOf(seed, row, dim);
      vectors.insert(vectors.end(), v.begin(), v.end());
      docs.push_back(ChunkOf(seed, row).doc);
      ordinals.push_back(ChunkOf(seed, row).ordinal);
    }
  }
  std::vector<float> vectors;
  std::vector<DocNo> docs;
  std::vector<uint32_t> ordinals;
};

std::weak_ptr<Arrays> MapArrays(RowTable* table, uint32_t seed, uint32_t rows) {
  auto arrays = std::make_shared<Arrays>(seed, rows, table->dim());
  table->Map(arrays->vectors.data(), arrays->docs.data(), arrays->ordinals.data(), rows, arrays);
  return arrays;
}

TEST(RowTableTest, GivesBackWhatWasAppended) {
  for (uint32_t dim : {1u, 3u, 128u, 1536u}) {
    RowTable table(dim);
    Fill(&table, 1, 2 * kPageRows + 17);
    ASSERT_EQ(table.size(), 2 * kPageRows + 17);
    EXPECT_EQ(table.dim(), dim);
    ExpectRows(table, 1, 0, table.size());
  }
}

TEST(RowTableTest, RowsOfAPageLieSideBySide) {
  RowTable table(3);
  Fill(&table, 1, kPageRows + 9);
  EXPECT_EQ(table.Vector(kPageRows - 1) - table.Vector(0), 3 * (kPageRows - 1));
  EXPECT_EQ(table.Vector(kPageRows + 8) - table.Vector(kPageRows), 3 * 8);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(table.Vector(0)) % 64, 0u);
}

TEST(RowTableTest, HeapBytesAreThoseOfTheRowsAndSomeRoom) {
  constexpr uint64_t kRowBytes = 32 * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t);
  RowTable table(32);
  EXPECT_EQ(table.heap_bytes(), 0u);
  for (uint32_t rows : {1u, 16u, 17u, 300u, kPageRows, kPageRows + 1, 3 * kPageRows}) {
    Fill(&table, 1, rows - table.size());
    EXPECT_GE(table.heap_bytes(), rows * kRowBytes);
    EXPECT_LE(table.heap_bytes(), (2 * rows + 16) * kRowBytes + 1024);
  }
  EXPECT_EQ(RowTable(table).heap_bytes(), table.heap_bytes());
}

TEST(RowTableTest, CopiesShareTheirRows) {
  RowTable table(4);
  Fill(&table, 1, kPageRows + 100);
  RowTable copy = table;
  EXPECT_EQ(copy.Vector(3), table.Vector(3));
  EXPECT_EQ(copy.Vector(kPageRows + 99), table.Vector(kPageRows + 99));
}

TEST(RowTableTest, ASoleOwnerAppendsInPlace) {
  RowTable table(4);
  Fill(&table, 1, kPageRows + 1);
  const float* first = table.Vector(kPageRows);
  Fill(&table, 1, kPageRows - 1);
  EXPECT_EQ(table.Vector(kPageRows), first);
}

TEST(RowTableTest, CopyingBeforeEveryAppendCopiesNoPage) {
  RowTable table(4);
  Fill(&table, 1, kPageRows + 1);
  const float* first = table.Vector(kPageRows);
  std::vector<RowTable> views;
  for (uint32_t i = 0; i < 100; ++i) {
    views.push_back(table);
    Fill(&table, 1, 1);
  }
  EXPECT_EQ(table.Vector(kPageRows), first);
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(views[i].size(), kPageRows + 1 + i);
    ExpectRows(views[i], 1, kPageRows, views[i].size());
  }
}

TEST(RowTableTest, CopiesThatBothGrowDoNotSeeEachOther) {
  for (uint32_t common : {0u, 1u, 15u, 16u, 100u, kPageRows - 1, kPageRows, kPageRows + 40}) {
    RowTable first(3);
    Fill(&first, 1, common);
    RowTable second = first;
    RowTable third = first;
    Fill(&second, 2, 50);
    Fill(&first, 1, 60);
    Fill(&third, 3, 70);
    Fill(&second, 2, kPageRows);
    for (const RowTable* table : {&first, &second, &third}) ExpectRows(*table, 1, 0, common);
    ExpectRows(first, 1, common, common + 60);
    ExpectRows(second, 2, common, common + 50 + kPageRows);
    ExpectRows(third, 3, common, common + 70);
    EXPECT_EQ(third.size(), common + 70);
  }
}

TEST(RowTableTest, ATableOutlivesTheOneItWasCopiedFrom) {
  auto table = std::make_unique<RowTable>(3);
  Fill(table.get(), 1, 20);
  RowTable copy = *table;
  Fill(table.get(), 2, 20);
  table.reset();
  ExpectRows(copy, 1, 0, 20);
  Fill(&copy, 1, 20);
  ExpectRows(copy, 1, 0, 40);
}

TEST(RowTableTest, ARowOfTheTableCanBeAppendedToIt) {
  RowTable table(3);
  Fill(&table, 1, 1);
  for (uint32_t row = 1; row < 3 * kPageRows; ++row) table.Append(table.Vector(row - 1), {});
  EXPECT_EQ(
      std::vector<float>(table.Vector(3 * kPageRows - 1), table.Vector(3 * kPageRows - 1) + 3),
      VectorOf(1, 0, 3));
}

TEST(RowTableTest, MappedRowsAreReadWhereTheyAre) {
  for (uint32_t rows : {0u, 1u, kPageRows - 1, kPageRows, kPageRows + 1, 2 * kPageRows + 5}) {
    RowTable table(3);
    std::weak_ptr<Arrays> arrays = MapArrays(&table, 1, rows);
    ASSERT_EQ(table.size(), rows);
    ExpectRows(table, 1, 0, rows);
    EXPECT_EQ(table.heap_bytes(), 0u);
    EXPECT_EQ(arrays.expired(), rows == 0);
    if (rows == 0) continue;
    EXPECT_EQ(table.Vector(rows - 1), arrays.lock()->vectors.data() + (rows - 1) * 3);
  }
}

TEST(RowTableTest, AppendingToMappedRowsLeavesThemAlone) {
  for (uint32_t rows : {1u, kPageRows, kPageRows + 30}) {
    RowTable table(3);
    std::weak_ptr<Arrays> arrays = MapArrays(&table, 1, rows);
    const Arrays before = *arrays.lock();
    Fill(&table, 1, 2 * kPageRows);
    ExpectRows(table, 1, 0, rows + 2 * kPageRows);
    EXPECT_GT(table.heap_bytes(), 0u);
    if (rows < kPageRows) {
      EXPECT_TRUE(arrays.expired());  // its only page was copied
    } else {
      EXPECT_EQ(arrays.lock()->vectors, before.vectors);
    }
  }
}

TEST(RowTableTest, CopiesMayGrowAndBeReadInDifferentThreads) {
  constexpr uint32_t kCommon = 200;
  RowTable table(3);
  Fill(&table, 0, kCommon);
  const RowTable view = table;
  std::vector<RowTable> copies(3, table);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < copies.size(); ++i) {
    threads.emplace_back([&copies, i] { Fill(&copies[i], i + 1, 2 * kPageRows); });
  }
  threads.emplace_back([&view] {
    for (int i = 0; i < 20; ++i) ExpectRows(view, 0, 0, kCommon);
  });
  for (std::thread& thread : threads) thread.join();
  for (uint32_t i = 0; i < copies.size(); ++i) {
    ExpectRows(copies[i], 0, 0, kCommon);
    ExpectRows(copies[i], i + 1, kCommon, kCommon + 2 * kPageRows);
  }
}

}  // namespace
}  // namespace cairn::vector
