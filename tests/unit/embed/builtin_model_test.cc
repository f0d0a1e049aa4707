#include "embed/builtin_model.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "support/matchers.h"

namespace cairn::embed {
namespace {

ModelHeader SampleHeader() {
  ModelHeader header;
  header.block_dim = 4;
  header.lsa_rank = 3;
  header.ppmi_rank = 2;
  header.chunk_count = 1000;
  header.trained_count = 500;
  header.term_count = 77;
  header.analyzer = "standard/1 english";
  return header;
}

/// Gives a changed header a valid checksum again.
std::string Resealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  ByteWriter(&bytes).Big64(HashBytes(bytes));
  return bytes;
}

TEST(ModelHeaderTest, EveryDamagedByteIsDataLoss) {
  const std::string good = EncodeHeader(SampleHeader());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    CAIRN_EXPECT_ERROR(DecodeHeader(bad), Code::kDataLoss, "header");
  }
}

TEST(ModelHeaderTest, EveryTruncationIsDataLoss) {
  const std::string good = EncodeHeader(SampleHeader());
  for (size_t size = 0; size < good.size(); ++size) {
    CAIRN_EXPECT_ERROR(DecodeHeader(good.substr(0, size)), Code::kDataLoss, "header");
  }
}

TEST(ModelHeaderTest, NewerFormatIsUnsupported) {
  std::string bytes = EncodeHeader(SampleHeader());
  bytes[0] = 9;
  CAIRN_EXPECT_ERROR(DecodeHeader(Resealed(bytes)), Code::kUnsupported, "format 9");
}

TEST(ModelHeaderTest, RankBeyondTheBlockIsDataLoss) {
  std::string bytes = EncodeHeader(SampleHeader());
  bytes[2] = 5;
  CAIRN_EXPECT_ERROR(DecodeHeader(Resealed(bytes)), Code::kDataLoss, "header");
}

TEST(ModelHeaderTest, RoundTrip) {
  auto header = DecodeHeader(EncodeHeader(SampleHeader()));
  CAIRN_ASSERT_OK(header);
  EXPECT_EQ(header->dim(), 8U);
  EXPECT_EQ(header->lsa_rank, 3U);
  EXPECT_EQ(header->ppmi_rank, 2U);
  EXPECT_EQ(header->chunk_count, 1000U);
  EXPECT_EQ(header->trained_count, 500U);
  EXPECT_EQ(header->term_count, 77U);
  EXPECT_EQ(header->analyzer, "standard/1 english");
}

TEST(ModelRowTest, WrongSizeIsDataLoss) {
  const ModelHeader header = SampleHeader();
  const float values[] = {1, 2, 3};
  const std::string good = EncodeRow(QuantizeRow(header, 1, values, 1, values));
  CAIRN_EXPECT_ERROR(DecodeRow(header, good.substr(1)), Code::kDataLoss, "term");
  CAIRN_EXPECT_ERROR(DecodeRow(header, good + "x"), Code::kDataLoss, "term");
  CAIRN_EXPECT_ERROR(DecodeRow(header, ""), Code::kDataLoss, "term");
}

TEST(ModelRowTest, WeightsThatAreNoNumbersAreDataLoss) {
  const ModelHeader header = SampleHeader();
  const float values[] = {1, 2, 3};
  ModelRow row = QuantizeRow(header, 1, values, 1, values);
  row.ppmi_weight = std::nanf("");
  CAIRN_EXPECT_ERROR(DecodeRow(header, EncodeRow(row)), Code::kDataLoss, "no numbers");
  row.ppmi_weight = 1;
  row.lsa_scale = std::numeric_limits<float>::infinity();
  CAIRN_EXPECT_ERROR(DecodeRow(header, EncodeRow(row)), Code::kDataLoss, "no numbers");
}

TEST(ModelRowTest, RoundTripKeepsValuesWithinHalfAStep) {
  const ModelHeader header = SampleHeader();
  const float lsa[] = {0.5F, -1.27F, 0.013F};
  const float ppmi[] = {0, 0};
  auto row = DecodeRow(header, EncodeRow(QuantizeRow(header, 0.25F, lsa, 3.5F, ppmi)));
  CAIRN_ASSERT_OK(row);
  EXPECT_EQ(row->lsa_weight, 0.25F);
  EXPECT_EQ(row->ppmi_weight, 3.5F);
  ASSERT_EQ(row->values.size(), 5U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(static_cast<float>(row->values[i]) * row->lsa_scale, lsa[i], 0.0051F);
  }
  EXPECT_EQ(row->ppmi_scale, 0.0F);
  EXPECT_EQ(row->values[4], 0);
}

}  // namespace
}  // namespace cairn::embed
