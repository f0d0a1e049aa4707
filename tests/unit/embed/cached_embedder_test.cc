#include "embed/cached_embedder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "support/matchers.h"

namespace cairn::embed {
namespace {

constexpr uint32_t kDim = 2;

/// Answers the length of every text and a mark of its own; "fail" is an error with its index.
class MarkedEmbedder final : public Embedder {
 public:
  MarkedEmbedder(EmbedderIdentity identity, float mark)
      : identity_(std::move(identity)), mark_(mark) {}
  const EmbedderIdentity& identity() const override { return identity_; }
  uint32_t dim() const override { return kDim; }
  Status Embed(std::span<const std::string_view> texts, Purpose purpose, float* out) override {
    for (size_t i = 0; i < texts.size(); ++i) {
      if (texts[i] == "fail") return Error(Code::kUnavailable, "no answer").WithIndex(i);
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      seen.emplace_back(texts[i]);
      out[kDim * i] = static_cast<float>(texts[i].size());
      out[kDim * i + 1] = purpose == Purpose::kQuery ? -mark_ : mark_;
    }
    return OkStatus();
  }
  std::vector<std::string> seen;

 private:
  const EmbedderIdentity identity_;
  const float mark_;
};

class CachedEmbedderTest : public ::testing::Test {
 protected:
  CachedEmbedderTest() {
    cache::CacheOptions options;
    options.max_bytes = 1 << 20;
    options.clock = &clock_;
    cache_ = std::move(cache::Cache::Create(std::move(options))).value();
  }

  std::shared_ptr<MarkedEmbedder> Inner(std::string version, uint64_t generation, float mark) {
    return std::make_shared<MarkedEmbedder>(
        EmbedderIdentity{"marked", std::move(version), generation}, mark);
  }
  std::shared_ptr<Embedder> Cached(std::shared_ptr<Embedder> inner, std::string scope = "") {
    return MakeCachedEmbedder(std::move(inner), std::move(scope), cache_);
  }
  static std::vector<float> Embed(Embedder& embedder, std::vector<std::string_view> texts,
                                  Purpose purpose = Purpose::kDocument) {
    std::vector<float> out(texts.size() * kDim, -1);
    CAIRN_EXPECT_OK(embedder.Embed(texts, purpose, out.data()));
    return out;
  }

  ManualClock clock_{1};
  std::shared_ptr<cache::Cache> cache_;
};

TEST_F(CachedEmbedderTest, AFailureIsNotRememberedAndNamesTheCallersText) {
  auto inner = Inner("1", 0, 7);
  auto cached = Cached(inner);
  Embed(*cached, {"known"});
  std::vector<float> out(4 * kDim);
  for (int i = 0; i < 2; ++i) {
    const std::vector<std::string_view> texts = {"new", "known", "known", "fail"};
    Status status = cached->Embed(texts, Purpose::kDocument, out.data());
    CAIRN_EXPECT_ERROR(status, Code::kUnavailable, "no answer");
    EXPECT_EQ(status.index(), 3u);
  }
}

TEST_F(CachedEmbedderTest, OnlyWhatIsNotKnownIsEmbedded) {
  auto inner = Inner("1", 0, 7);
  auto cached = Cached(inner);
  EXPECT_EQ(Embed(*cached, {"a", "bb"}), (std::vector<float>{1, 7, 2, 7}));
  EXPECT_EQ(Embed(*cached, {"ccc", "a", "bb", ""}), (std::vector<float>{3, 7, 1, 7, 2, 7, 0, 7}));
  EXPECT_EQ(Embed(*cached, {"", "ccc"}), (std::vector<float>{0, 7, 3, 7}));
  EXPECT_EQ(inner->seen, (std::vector<std::string>{"a", "bb", "ccc", ""}));
  EXPECT_EQ(cache_->Stats().total.hits, 4u);
}

TEST_F(CachedEmbedderTest, WhatDistinguishesVectorsDistinguishesKeys) {
  Embed(*Cached(Inner("1", 1, 1)), {"text"});
  EXPECT_EQ(Embed(*Cached(Inner("1", 2, 2)), {"text"})[1], 2) << "generation";
  EXPECT_EQ(Embed(*Cached(Inner("2", 1, 3)), {"text"})[1], 3) << "version";
  EXPECT_EQ(Embed(*Cached(Inner("1", 1, 4), "other"), {"text"})[1], 4) << "scope";
  EXPECT_EQ(Embed(*Cached(Inner("1", 1, 5)), {"text"}, Purpose::kQuery)[1], -5) << "purpose";
  EXPECT_EQ(Embed(*Cached(Inner("1", 1, 6)), {"text"})[1], 1) << "the same is shared";
}

TEST_F(CachedEmbedderTest, AVectorIsForgottenAfterADay) {
  auto inner = Inner("1", 0, 7);
  auto cached = Cached(inner);
  Embed(*cached, {"a"});
  clock_.Advance(kVectorTtlNs - 1);
  Embed(*cached, {"a"});
  EXPECT_EQ(inner->seen.size(), 1u);
  clock_.Advance(1);
  Embed(*cached, {"a"});
  EXPECT_EQ(inner->seen.size(), 2u);
}

TEST_F(CachedEmbedderTest, AZeroVectorIsNotRemembered) {
  auto inner = Inner("1", 0, 0);
  auto cached = Cached(inner);
  Embed(*cached, {"", "a"});
  Embed(*cached, {"", "a"});
  EXPECT_EQ(inner->seen, (std::vector<std::string>{"", "a", ""}));
}

TEST_F(CachedEmbedderTest, TextsTooLongForAKeyAreEmbeddedEveryTime) {
  auto inner = Inner("1", 0, 7);
  auto cached = Cached(inner);
  const std::string huge((1 << 20) + 1, 'x');
  EXPECT_EQ(Embed(*cached, {huge}), Embed(*cached, {huge}));
  EXPECT_EQ(inner->seen.size(), 2u);
}

}  // namespace
}  // namespace cairn::embed
