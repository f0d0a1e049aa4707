#include "vector/row_store.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 2;

/// Rows whose first element tells the document and the second the ordinal.
std::vector<float> Rows(uint64_t doc, uint32_t count) {
  std::vector<float> rows;
  for (uint32_t i = 0; i < count; ++i) {
    rows.push_back(static_cast<float>(doc));
    rows.push_back(static_cast<float>(i));
  }
  return rows;
}

bool Insert(RowStore* store, uint64_t doc, uint32_t count) {
  std::vector<uint32_t> ordinals(count);
  std::iota(ordinals.begin(), ordinals.end(), 0u);
  StoreEdit edit(store);
  if (!edit.Insert(DocNo{doc}, ordinals.data(), Rows(doc, count).data(), count)) return false;
  edit.Prepare();
  edit.Commit();
  return true;
}

bool Remove(RowStore* store, uint64_t doc) {
  StoreEdit edit(store);
  if (!edit.Remove(DocNo{doc})) return false;
  edit.Prepare();
  edit.Commit();
  return true;
}

/// The live rows of every document, after checking the snapshot's counts against its blocks.
std::map<uint64_t, uint32_t> LiveRows(const Snapshot& snapshot) {
  std::map<uint64_t, uint32_t> rows;
  uint64_t live = 0;
  uint64_t bytes = 0;
  for (size_t slot = 0; slot < snapshot.directory.slot_count(); ++slot) {
    const BlockEntry& entry = snapshot.directory.At(slot);
    if (entry.block == nullptr) continue;
    bytes += entry.block->memory_bytes() + (entry.dead ? entry.dead->memory_bytes() : 0);
    uint32_t live_here = 0;
    for (uint32_t row = 0; row < entry.count; ++row) {
      if (entry.dead && entry.dead->Test(row)) continue;
      ChunkRef chunk = entry.block->Chunk(row);
      EXPECT_EQ(entry.block->Row(row)[0], static_cast<float>(ToInt(chunk.doc)));
      EXPECT_EQ(entry.block->Row(row)[1], static_cast<float>(chunk.ordinal));
      ++rows[ToInt(chunk.doc)];
      ++live_here;
    }
    EXPECT_EQ(entry.live, live_here);
    live += live_here;
    uint32_t dead = entry.count - entry.live;
    EXPECT_TRUE(slot == snapshot.tail ? dead * 2 <= entry.block->capacity()
                                      : dead * 4 <= entry.count)
        << dead << " dead rows of " << entry.count << " in slot " << slot;
  }
  EXPECT_EQ(snapshot.live, live);
  EXPECT_EQ(snapshot.documents, rows.size());
  EXPECT_EQ(snapshot.block_bytes, bytes);
  return rows;
}

TEST(RowStoreTest, ANewBlockIsForeseen) {
  RowStore store(kDim);
  int blocks = 0;
  for (uint64_t doc = 1; doc <= 20'000; ++doc) {
    auto count = static_cast<uint32_t>(1 + doc % 3);
    uint64_t foreseen = store.BlockBytesToAdd(count);
    uint64_t before = store.snapshot()->block_bytes;
    ASSERT_TRUE(Insert(&store, doc, count));
    uint64_t grown = store.snapshot()->block_bytes - before;
    ASSERT_GE(foreseen + sizeof(RowBlock), grown) << doc;
    ASSERT_TRUE(grown == 0 || foreseen > 0) << doc;
    blocks += grown > 0 ? 1 : 0;
  }
  EXPECT_GT(blocks, 5);
  EXPECT_LT(blocks, 100);
}

TEST(RowStoreTest, AnEditThatIsNotCommittedLeavesNoTrace) {
  RowStore store(kDim);
  ASSERT_TRUE(Insert(&store, 1, 5));
  auto before = store.snapshot();
  for (bool prepare : {false, true}) {
    StoreEdit edit(&store);
    std::vector<uint32_t> ordinals = {0, 1};
    EXPECT_TRUE(edit.Insert(DocNo{2}, ordinals.data(), Rows(2, 2).data(), 2));
    EXPECT_TRUE(edit.Remove(DocNo{1}));
    if (prepare) edit.Prepare();
  }
  EXPECT_EQ(store.snapshot(), before);
  EXPECT_EQ(LiveRows(*before), (std::map<uint64_t, uint32_t>{{1, 5}}));
  ASSERT_TRUE(Insert(&store, 2, 3));
  ASSERT_TRUE(Remove(&store, 1));
  EXPECT_EQ(LiveRows(*store.snapshot()), (std::map<uint64_t, uint32_t>{{2, 3}}));
}

TEST(RowStoreTest, OneEditMayRemoveWhatItInserted) {
  RowStore store(kDim);
  StoreEdit edit(&store);
  std::vector<uint32_t> ordinals = {0};
  EXPECT_TRUE(edit.Insert(DocNo{1}, ordinals.data(), Rows(1, 1).data(), 1));
  EXPECT_FALSE(edit.Insert(DocNo{1}, ordinals.data(), Rows(1, 1).data(), 1));
  EXPECT_TRUE(edit.Remove(DocNo{1}));
  EXPECT_FALSE(edit.Remove(DocNo{1}));
  EXPECT_TRUE(edit.Insert(DocNo{1}, ordinals.data(), Rows(1, 1).data(), 1));
  edit.Prepare();
  edit.Commit();
  EXPECT_EQ(LiveRows(*store.snapshot()), (std::map<uint64_t, uint32_t>{{1, 1}}));
}

TEST(RowStoreTest, RandomEditsKeepEveryCountRight) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::mt19937 generator(seed);
    RowStore store(kDim);
    std::map<uint64_t, uint32_t> model;
    for (uint64_t step = 0; step < 6000; ++step) {
      uint32_t removing = step / 1500 % 2 == 0 ? 30 : 65;
      if (!model.empty() && generator() % 100 < removing) {
        auto victim = model.lower_bound(generator() % step);
        if (victim == model.end()) victim = model.begin();
        ASSERT_TRUE(Remove(&store, victim->first));
        model.erase(victim);
      } else {
        uint32_t count = generator() % 300 == 0 ? 6000 : 1 + generator() % 20;
        ASSERT_TRUE(Insert(&store, step, count));
        model[step] = count;
      }
      if (step % 500 == 0) {
        ASSERT_EQ(LiveRows(*store.snapshot()), model);
      }
    }
    ASSERT_EQ(LiveRows(*store.snapshot()), model);
  }
}

TEST(RowStoreTest, AnEmptyStoreHoldsNoBlocks) {
  RowStore store(kDim);
  for (uint64_t doc = 0; doc < 100; ++doc) ASSERT_TRUE(Insert(&store, doc, 100));
  for (uint64_t doc = 0; doc < 100; ++doc) ASSERT_TRUE(Remove(&store, doc));
  EXPECT_EQ(store.snapshot()->block_bytes, 0u);
  EXPECT_EQ(store.snapshot()->directory.slot_count(), 0u);
  ASSERT_TRUE(Insert(&store, 1000, 1));
  EXPECT_EQ(LiveRows(*store.snapshot()), (std::map<uint64_t, uint32_t>{{1000, 1}}));
}

TEST(RowStoreTest, AMostlyDeadTailIsLetGo) {
  RowStore store(kDim);
  for (uint64_t doc = 0; doc < 1020; ++doc) ASSERT_TRUE(Insert(&store, doc, 1));
  for (uint64_t doc = 512; doc < 1020; ++doc) {
    ASSERT_TRUE(Remove(&store, doc));
    ASSERT_EQ(LiveRows(*store.snapshot()).size(), 512 + 1019 - doc);
  }
}

TEST(RowStoreTest, VersionsShareWhatDidNotChange) {
  RowStore store(kDim);
  for (uint64_t doc = 0; doc < 40; ++doc) ASSERT_TRUE(Insert(&store, doc, 4096));
  auto before = store.snapshot();
  ASSERT_TRUE(Remove(&store, 39));
  auto after = store.snapshot();
  size_t same = 0;
  for (size_t slot = 0; slot < 32; ++slot) {
    same += &before->directory.At(slot) == &after->directory.At(slot) ? 1 : 0;
  }
  EXPECT_EQ(same, 32u);
  EXPECT_EQ(before->live, 40u * 4096);
  EXPECT_EQ(after->live, 39u * 4096);
}

}  // namespace
}  // namespace cairn::vector
