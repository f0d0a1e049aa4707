#include "limiter/record_table.h"

#include <set>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

/// A hash that is spread like those of keys.
uint64_t HashOf(uint64_t number) { return KeyHasher(3).Of(number).hash; }

class RecordTableTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  std::unique_ptr<RecordTable> Make(uint64_t budget) {
    auto table = RecordTable::Create(GetParam(), budget);
    EXPECT_TRUE(table.ok());
    return std::move(table).value();
  }
  static constexpr auto NeverDead = [](const uint64_t*) { return false; };
};

TEST_P(RecordTableTest, GrowsAndFindsEverythingAgain) {
  auto table = Make(64 << 20);
  constexpr uint64_t kCount = 100'000;
  uint64_t least = UINT64_MAX;
  for (uint64_t i = 0; i < kCount; ++i) {
    auto& shard = table->ShardOf(HashOf(i));
    ShardHold hold(shard.lock);
    uint64_t* record = table->Claim(shard, HashOf(i), NeverDead);
    ASSERT_NE(record, nullptr);
    for (uint32_t word = 1; word <= GetParam(); ++word) {
      ASSERT_EQ(record[word], 0u);
      record[word] = i + word;
    }
    least = std::min(least, table->memory_bytes());
  }
  for (uint64_t i = 0; i < kCount; ++i) {
    const uint64_t* record = table->Find(table->ShardOf(HashOf(i)), HashOf(i));
    ASSERT_NE(record, nullptr) << i;
    for (uint32_t word = 1; word <= GetParam(); ++word) ASSERT_EQ(record[word], i + word);
  }
  EXPECT_EQ(table->Find(table->ShardOf(HashOf(kCount)), HashOf(kCount)), nullptr);
  EXPECT_LT(least, 100'000u);
}

TEST_P(RecordTableTest, BytesPerRecordAreTheSameAtEverySize) {
  auto table = Make(256 << 20);
  const double record_bytes = 8.0 + 8.0 * GetParam();
  for (uint64_t i = 0; i < 200'000; ++i) {
    auto& shard = table->ShardOf(HashOf(i));
    ShardHold hold(shard.lock);
    ASSERT_NE(table->Claim(shard, HashOf(i), NeverDead), nullptr);
    if (i == 1000 && GetParam() == 1) {
      EXPECT_LE(table->memory_bytes(), 32u * 1000);
    }
    if (i < 4000) continue;
    ASSERT_LE(static_cast<double>(table->memory_bytes()) / static_cast<double>(i),
              1.65 * record_bytes)
        << i;
  }
}

TEST_P(RecordTableTest, FillsItsBudgetAndNeverMore) {
  for (uint64_t budget : {8192, 20'000, 300'000, 1'000'000}) {
    auto table = Make(budget);
    uint64_t placed = 0;
    for (uint64_t i = 0; i < 100'000; ++i) {
      auto& shard = table->ShardOf(HashOf(i));
      ShardHold hold(shard.lock);
      placed += table->Claim(shard, HashOf(i), NeverDead) == nullptr ? 0 : 1;
      ASSERT_LE(table->memory_bytes(), budget);
    }
    EXPECT_GE(placed, table->max_records() * 9 / 10);
    EXPECT_LE(placed, table->max_records());
    EXPECT_GE(table->max_records() * (8 + 8 * GetParam()) * 10, budget * 5) << "budget wasted";
  }
}

TEST_P(RecordTableTest, SweepFreesTheDeadAndGivesMemoryBack) {
  auto table = Make(16 << 20);
  const uint64_t empty = table->memory_bytes();
  for (uint64_t i = 0; i < 50'000; ++i) {
    auto& shard = table->ShardOf(HashOf(i));
    ShardHold hold(shard.lock);
    table->Claim(shard, HashOf(i), NeverDead)[1] = i;
  }
  uint64_t left = 0;
  for (auto& shard : table->shards()) {
    ShardHold hold(shard.lock);
    left += table->Sweep(shard, [](const uint64_t* words) { return words[0] % 2 == 0; });
  }
  EXPECT_EQ(left, 25'000u);
  for (uint64_t i = 0; i < 50'000; ++i) {
    const bool found = table->Find(table->ShardOf(HashOf(i)), HashOf(i)) != nullptr;
    ASSERT_EQ(found, i % 2 == 1);
  }
  for (auto& shard : table->shards()) {
    ShardHold hold(shard.lock);
    EXPECT_EQ(table->Sweep(shard, [](const uint64_t*) { return true; }), 0u);
  }
  EXPECT_EQ(table->memory_bytes(), empty);
}

TEST_P(RecordTableTest, EveryHashFindsItsPlaceWhateverItsBits) {
  auto table = Make(1 << 20);
  std::set<uint64_t> hashes = {1,
                               2,
                               3,
                               UINT64_MAX,
                               UINT64_MAX - 1,
                               uint64_t{1} << 63,
                               uint64_t{1} << 32,
                               0xFFFF'FFFF,
                               0xFFFF'FFFF'0000'0000,
                               0xFFFF'FFFF'FFFF'0000};
  for (uint64_t hash : hashes) {
    auto& shard = table->ShardOf(hash);
    ShardHold hold(shard.lock);
    ASSERT_NE(table->Claim(shard, hash, NeverDead), nullptr);
  }
  for (uint64_t hash : hashes) EXPECT_NE(table->Find(table->ShardOf(hash), hash), nullptr);
}

TEST_P(RecordTableTest, ABudgetBelowABucketIsRefused) {
  EXPECT_EQ(RecordTable::Create(GetParam(), 100).status().code(), Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Words, RecordTableTest, ::testing::Values(1, 2, 5));

}  // namespace
}  // namespace cairn::limiter
