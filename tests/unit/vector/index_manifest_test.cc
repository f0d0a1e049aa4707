#include "vector/index_manifest.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "support/matchers.h"

namespace cairn::vector {
namespace {

IndexManifest Example() {
  return {300, {{"c1-g0-7.seg", 1000, {0, 1, 5, 998, 999}}, {"c1-g0-9.seg", 3, {}}}};
}

/// The encoding of one file, with whatever is given.
std::string WithFile(std::string_view name, uint64_t rows, std::vector<uint64_t> gaps) {
  std::string bytes;
  ByteWriter out(&bytes);
  for (uint64_t value : {1, 5, 1}) out.Varint(value);
  out.Text(name);
  out.Varint(rows);
  out.Varint(gaps.size());
  for (uint64_t gap : gaps) out.Varint(gap);
  return bytes;
}

TEST(IndexManifestTest, GivesBackWhatWasEncoded) {
  for (const IndexManifest& manifest :
       {IndexManifest{}, IndexManifest{UINT64_MAX, {}}, Example()}) {
    auto decoded = IndexManifest::Decode(manifest.Encode());
    CAIRN_ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, manifest);
  }
}

TEST(IndexManifestTest, RandomDeadRowsComeBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    IndexManifest manifest{1, {{"f", 5000, {}}}};
    for (uint32_t row = random() % 50; row < 5000; row += 1 + random() % 50) {
      manifest.files[0].dead_rows.push_back(row);
    }
    auto decoded = IndexManifest::Decode(manifest.Encode());
    CAIRN_ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, manifest);
  }
}

TEST(IndexManifestTest, ANewerFormatIsNotRead) {
  std::string bytes = Example().Encode();
  bytes[0] = 2;
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(bytes), Code::kFailedPrecondition, "format 2");
  bytes[0] = 0;
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(bytes), Code::kDataLoss, "format");
}

TEST(IndexManifestTest, EveryCutIsFound) {
  std::string bytes = Example().Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAIRN_EXPECT_ERROR(IndexManifest::Decode(bytes.substr(0, size)), Code::kDataLoss, "");
  }
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(bytes + "x"), Code::kDataLoss, "");
}

TEST(IndexManifestTest, NonsenseIsFound) {
  CAIRN_EXPECT_OK(IndexManifest::Decode(WithFile("f", 3, {0, 0, 0})));
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile("f", 3, {0, 0, 0, 0})), Code::kDataLoss,
                     "deleted rows");
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile("f", 3, {3})), Code::kDataLoss, "beyond");
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile("f", 3, {2, 0})), Code::kDataLoss, "beyond");
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile("f", 3, {1, UINT64_MAX})), Code::kDataLoss,
                     "beyond");
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile("f", uint64_t{1} << 40, {})), Code::kDataLoss,
                     "too many rows");
  for (std::string_view name : {"", ".", "..", "../f", "a/b"}) {
    CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile(name, 3, {})), Code::kDataLoss, "name");
  }
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(WithFile(std::string_view("a\0b", 3), 3, {})),
                     Code::kDataLoss, "name");
  IndexManifest twice{1, {{"f", 1, {}}, {"f", 1, {}}}};
  CAIRN_EXPECT_ERROR(IndexManifest::Decode(twice.Encode()), Code::kDataLoss, "twice");
}

TEST(IndexManifestTest, RandomBytesNeverCrash) {
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 8 == 0 ? random() : random() % 4);
    auto decoded = IndexManifest::Decode(bytes);
    if (!decoded.ok()) continue;
    EXPECT_EQ(*IndexManifest::Decode(decoded->Encode()), *decoded);
  }
}

}  // namespace
}  // namespace cairn::vector
