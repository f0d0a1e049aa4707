#include "db/config.h"

#include <gtest/gtest.h>

#include "support/matchers.h"

namespace cairn::db {
namespace {

TEST(ConfigTest, AllFaultsAreListedAtOnce) {
  CollectionConfig config;
  config.dim = 5;
  config.metric = vector::Metric::kL2;
  config.language = "klingon";
  config.bm25.b = 2;
  Status status = ValidateConfig(config);
  for (const char* fault : {"sets the dimension itself", "cosine", "klingon", "bm25 b"}) {
    CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, fault);
  }
}

TEST(ConfigTest, CallbackNeedsNameAndDimension) {
  CollectionConfig config;
  config.embedder = EmbedderKind::kCallback;
  CAIRN_EXPECT_ERROR(ValidateConfig(config), Code::kInvalidArgument, "needs a name");
  config.embedder_name = "model";
  config.dim = 65536;
  CAIRN_EXPECT_ERROR(ValidateConfig(config), Code::kInvalidArgument, "1 to 65535");
  config.dim = 65535;
  CAIRN_EXPECT_OK(ValidateConfig(config));
}

TEST(ConfigTest, SurvivesTheRoundTrip) {
  CollectionConfig config;
  config.embedder = EmbedderKind::kCallback;
  config.dim = 384;
  config.metric = vector::Metric::kInnerProduct;
  config.language = "german";
  config.bm25.k1 = 0.9f;
  config.bm25.title_weight = 0;
  config.embedder_name = "mini \"quoted\"";
  config.embedder_version = "2";
  auto back = ConfigFromJson(ConfigToJson(config));
  CAIRN_ASSERT_OK(back);
  EXPECT_EQ(ConfigToJson(*back), ConfigToJson(config));
  EXPECT_EQ(back->bm25.k1, 0.9f);
  EXPECT_EQ(back->embedder_name, config.embedder_name);
}

TEST(ConfigTest, OnlySetFieldsMustAgree) {
  CollectionConfig stored;
  stored.language = "german";
  CAIRN_EXPECT_OK(CheckAgrees(CollectionConfig(), stored));
  CollectionConfig asked;
  asked.language = "french";
  CAIRN_EXPECT_ERROR(CheckAgrees(asked, stored), Code::kFailedPrecondition, "another language");
}

TEST(ConfigTest, Names) {
  CAIRN_EXPECT_OK(ValidateCollectionName("Notes 2025 \xC3\xA4"));
  for (std::string_view bad :
       {std::string_view(""), std::string_view("a/b"), std::string_view("a\nb"),
        std::string_view("\xFF"), std::string_view("a\0b", 3)}) {
    EXPECT_EQ(ValidateCollectionName(bad).code(), Code::kInvalidArgument);
  }
  CAIRN_EXPECT_ERROR(ValidateCollectionName(std::string(129, 'x')), Code::kInvalidArgument, "129");
}

TEST(ConfigTest, DocumentIds) {
  CAIRN_EXPECT_OK(ValidateDocumentId(std::string(512, 'x')));
  CAIRN_EXPECT_ERROR(ValidateDocumentId(std::string(513, 'x')), Code::kInvalidArgument, "513");
  CAIRN_EXPECT_ERROR(ValidateDocumentId(""), Code::kInvalidArgument, "empty");
  CAIRN_EXPECT_ERROR(ValidateDocumentId(std::string_view("a\0b", 3)), Code::kInvalidArgument,
                     "NUL byte at offset 1");
  CAIRN_EXPECT_ERROR(ValidateDocumentId("\xC0\x80"), Code::kInvalidArgument, "not UTF-8");
}

}  // namespace
}  // namespace cairn::db
