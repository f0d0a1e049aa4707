#include "storage/records.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "support/matchers.h"

namespace cairn::storage {
namespace {

TEST(RecordsTest, AChangeLeadsToTheOneBefore) {
  ChangeRecord change{ChangeKind::kUpsert, 3, 70, "id", 41, 69};
  auto decoded = ChangeRecord::Decode(change.Encode());
  CAIRN_ASSERT_OK(decoded);
  EXPECT_EQ(decoded->previous, std::optional<uint64_t>(41));
  EXPECT_EQ(decoded->replaced, 69u);
  EXPECT_EQ(decoded->name, "id");
  std::string bytes = change.Encode();
  bytes.pop_back();
  CAIRN_EXPECT_ERROR(ChangeRecord::Decode(bytes), Code::kDataLoss, "change record");
  CAIRN_EXPECT_ERROR(ChangeRecord::Decode(change.Encode() + "x"), Code::kDataLoss, "change record");
}

TEST(RecordsTest, AChangeOfAnEarlierReleaseLeadsNowhere) {
  auto decoded = ChangeRecord::Decode(ChangeRecord{ChangeKind::kUpsert, 3, 70, "id"}.Encode());
  CAIRN_ASSERT_OK(decoded);
  EXPECT_FALSE(decoded->previous.has_value());
  EXPECT_EQ(decoded->doc, 70u);
}

TEST(RecordsTest, CountersOfAnEarlierReleaseHaveNoLastChange) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (uint64_t value : {9, 8, 7, 6}) out.Varint(value);
  auto decoded = CollectionCounters::Decode(bytes);
  CAIRN_ASSERT_OK(decoded);
  EXPECT_EQ(decoded->vector_count, 6u);
  EXPECT_EQ(decoded->last_change, 0u);
  decoded->last_change = 300;
  auto again = CollectionCounters::Decode(decoded->Encode());
  CAIRN_ASSERT_OK(again);
  EXPECT_EQ(again->last_change, 300u);
}

}  // namespace
}  // namespace cairn::storage
