#include "cache/table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace cairn::cache {
namespace {

class TableTest : public ::testing::Test {
 protected:
  ~TableTest() override {
    for (Entry* entry : made_) Entry::Free(entry);
  }
  Entry* Make(uint64_t hash, const std::string& key) {
    made_.push_back(Entry::Create(hash, 0, key, "value of " + key, false));
    return made_.back();
  }
  std::vector<Entry*> made_;
};

TEST_F(TableTest, FindsWhatIsThereAndNothingElse) {
  auto table = Table::Create(4);
  Entry* victim = nullptr;
  for (uint64_t i = 0; i < 20; ++i) {
    const uint64_t hash = (i + 1) * 0x9E3779B97F4A7C15u;
    ASSERT_EQ(table->Insert(Make(hash, std::to_string(i)), &victim), Table::Inserted::kYes);
  }
  for (uint64_t i = 0; i < 20; ++i) {
    const uint64_t hash = (i + 1) * 0x9E3779B97F4A7C15u;
    EXPECT_EQ(table->Find(hash, 0, std::to_string(i)), made_[i]);
    EXPECT_EQ(table->Find(hash, 1, std::to_string(i)), nullptr);
    EXPECT_EQ(table->Find(hash, 0, "other"), nullptr);
  }
  table->Remove(made_[3]);
  EXPECT_EQ(table->Find(made_[3]->hash, 0, "3"), nullptr);
  EXPECT_EQ(table->Find(made_[4]->hash, 0, "4"), made_[4]);
}

TEST_F(TableTest, KeysThatCollideInEveryBitAreToldApart) {
  auto table = Table::Create(16);
  Entry* victim = nullptr;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(table->Insert(Make(42, std::to_string(i)), &victim), Table::Inserted::kYes);
  }
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(table->Find(42, 0, std::to_string(i)), made_[i]);
}

TEST_F(TableTest, AChainEndsAndNamesAVictim) {
  auto table = Table::Create(16);
  const size_t most = Table::kMaxChain * Table::Bucket::kSlots;
  Entry* victim = nullptr;
  for (size_t i = 0; i < most; ++i) {
    ASSERT_EQ(table->Insert(Make(7, std::to_string(i)), &victim), Table::Inserted::kYes);
  }
  Entry* more = Make(7, "more");
  ASSERT_EQ(table->Insert(more, &victim), Table::Inserted::kChainFull);
  ASSERT_NE(victim, nullptr);
  table->Remove(victim);
  EXPECT_EQ(table->Insert(more, &victim), Table::Inserted::kYes);
  EXPECT_EQ(table->Find(7, 0, "more"), more);
}

TEST_F(TableTest, VisitsAll) {
  auto table = Table::Create(2);
  Entry* victim = nullptr;
  for (uint64_t i = 0; i < 20; ++i) {
    ASSERT_EQ(table->Insert(Make(i * 0x100000001u, std::to_string(i)), &victim),
              Table::Inserted::kYes);
  }
  std::set<Entry*> seen;
  table->ForEach(0, table->bucket_count(), [&](Entry* entry) { seen.insert(entry); });
  EXPECT_EQ(seen.size(), 20u);
}

TEST(Entry, HoldsEmptyAndBinaryKeysAndValues) {
  const std::string key("a\0b", 3);
  Entry* entry = Entry::Create(1, 2, key, "", true);
  EXPECT_EQ(entry->key(), key);
  EXPECT_EQ(entry->value(), "");
  EXPECT_TRUE(entry->Is(1, 2, key));
  EXPECT_FALSE(entry->Is(1, 2, "a"));
  Entry::Free(entry);
  entry = Entry::Create(1, 2, "", "value", false);
  EXPECT_TRUE(entry->Is(1, 2, ""));
  EXPECT_EQ(entry->value(), "value");
  Entry::Free(entry);
}

}  // namespace
}  // namespace cairn::cache
