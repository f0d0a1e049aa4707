#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "embed/embedder.h"
#include "support/matchers.h"

namespace cairn::embed {
namespace {

/// Answers the byte length of every text; "bad" gives `bad_value`, "fail" an error with its index.
class LengthEmbedder final : public Embedder {
 public:
  explicit LengthEmbedder(std::vector<size_t>* calls) : calls_(calls) {}
  const EmbedderIdentity& identity() const override { return identity_; }
  uint32_t dim() const override { return 2; }
  Status Embed(std::span<const std::string_view> texts, Purpose, float* out) override {
    calls_->push_back(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      out[2 * i] = static_cast<float>(texts[i].size());
      out[2 * i + 1] = texts[i] == "bad" ? bad_value : 1.0F;
      if (texts[i] == "fail") return Error(Code::kUnavailable, "no answer").WithIndex(i);
      if (texts[i] == "fail without index") return Error(Code::kUnavailable, "no answer");
    }
    return OkStatus();
  }

  float bad_value = std::nanf("");

 private:
  EmbedderIdentity identity_{"length", "1", 0};
  std::vector<size_t>* const calls_;
};

class CheckedEmbedderTest : public ::testing::Test {
 protected:
  Status Embed(std::vector<std::string_view> texts, const EmbedLimits& limits = {},
               float bad_value = std::nanf("")) {
    auto inner = std::make_unique<LengthEmbedder>(&calls_);
    inner->bad_value = bad_value;
    auto embedder = MakeCheckedEmbedder(std::move(inner), limits);
    out_.assign(texts.size() * 2, -1);
    return embedder->Embed(texts, Purpose::kDocument, out_.data());
  }

  std::vector<size_t> calls_;
  std::vector<float> out_;
};

TEST_F(CheckedEmbedderTest, TooLongTextNamesItsIndexAndMakesNoCall) {
  Status status = Embed({"short", "much longer"}, {.max_texts = 1, .max_chars = 8});
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "text 1 has 11 characters, the limit is 8");
  EXPECT_EQ(status.index(), 1U);
  EXPECT_TRUE(calls_.empty());
}

TEST_F(CheckedEmbedderTest, LimitCountsCodePointsNotBytes) {
  const std::string eight_umlauts = "ääääääää";
  CAIRN_EXPECT_OK(Embed({eight_umlauts}, {.max_texts = 1, .max_chars = 8}));
  Status status = Embed({eight_umlauts + "ä"}, {.max_texts = 1, .max_chars = 8});
  CAIRN_EXPECT_ERROR(status, Code::kInvalidArgument, "has 9 characters");
}

TEST_F(CheckedEmbedderTest, NanIsAnErrorWithTheCallersIndex) {
  Status status = Embed({"a", "b", "c", "bad"}, {.max_texts = 2});
  CAIRN_EXPECT_ERROR(status, Code::kInternal, "length/1@0 answered NaN or infinity for text 3");
  EXPECT_EQ(status.index(), 3U);
}

TEST_F(CheckedEmbedderTest, InfinityIsAnError) {
  Status status = Embed({"bad"}, {}, std::numeric_limits<float>::infinity());
  CAIRN_EXPECT_ERROR(status, Code::kInternal, "infinity");
}

TEST_F(CheckedEmbedderTest, ErrorOfTheInnerOneKeepsCodeAndCallersIndex) {
  Status status = Embed({"a", "b", "c", "fail"}, {.max_texts = 2});
  CAIRN_EXPECT_ERROR(status, Code::kUnavailable, "no answer");
  EXPECT_EQ(status.index(), 3U);
}

TEST_F(CheckedEmbedderTest, ErrorWithoutIndexStaysWithoutIndex) {
  Status status = Embed({"a", "fail without index"});
  CAIRN_EXPECT_ERROR(status, Code::kUnavailable, "no answer");
  EXPECT_FALSE(status.index().has_value());
}

TEST_F(CheckedEmbedderTest, SplitsLongCallsAndKeepsTheOrder) {
  CAIRN_ASSERT_OK(Embed({"1", "22", "333", "4444", "55555"}, {.max_texts = 2}));
  EXPECT_EQ(calls_, (std::vector<size_t>{2, 2, 1}));
  EXPECT_EQ(out_, (std::vector<float>{1, 1, 2, 1, 3, 1, 4, 1, 5, 1}));
}

TEST_F(CheckedEmbedderTest, NoTextsMakeNoCall) {
  CAIRN_EXPECT_OK(Embed({}));
  EXPECT_TRUE(calls_.empty());
}

TEST_F(CheckedEmbedderTest, ShowsTheInnerIdentityAndDimension) {
  auto embedder = MakeCheckedEmbedder(std::make_unique<LengthEmbedder>(&calls_), {});
  EXPECT_EQ(embedder->identity().ToString(), "length/1@0");
  EXPECT_EQ(embedder->dim(), 2U);
}

}  // namespace
}  // namespace cairn::embed
