#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "unit/kernels/require_kernel.h"
#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

using test::AllMetrics;
using test::MakeIndex;
using test::SearchOne;

/// An index and its model under one stream of random changes. A document number is never reused.
class Churn {
 public:
  Churn(uint32_t dim, Metric metric, uint32_t seed)
      : dim_(dim), generator_(seed), index_(MakeIndex(dim, metric)), model_(dim, metric) {}

  void Add(size_t chunks) {
    DocNo doc{next_++};
    std::vector<float> vectors = test::UniformVectors(generator_, chunks, dim_);
    CAIRN_ASSERT_OK(index_->Add(doc, vectors.data(), chunks));
    model_.Add(doc, vectors.data(), chunks);
    live_.push_back(doc);
  }
  void RemoveAt(size_t i) {
    index_->Remove(live_[i]);
    model_.Remove(live_[i]);
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void RemoveAny() {
    if (!live_.empty()) RemoveAt(generator_() % live_.size());
  }
  void Check(size_t k) {
    auto view = index_->View();
    ASSERT_EQ(view->size(), model_.size());
    ASSERT_EQ(view->document_count(), live_.size());
    std::vector<float> query = test::RandomVectors(generator_, 1, dim_);
    model_.Check(SearchOne(*view, query.data(), k), query.data(), k, nullptr);
  }
  std::mt19937& generator() { return generator_; }
  VectorIndex& index() { return *index_; }
  test::Model& model() { return model_; }
  size_t live() const { return live_.size(); }

 private:
  const size_t dim_;
  std::mt19937 generator_;
  std::unique_ptr<VectorIndex> index_;
  test::Model model_;
  std::deque<DocNo> live_;
  uint64_t next_ = 1;
};

TEST(ExactUpdateTest, UnknownDocumentsAreIgnored) {
  auto index = MakeIndex(2, Metric::kL2);
  index->Remove(DocNo{1});
  std::vector<float> v = {1, 2};
  CAIRN_ASSERT_OK(index->Add(DocNo{2}, v.data(), 1));
  index->Remove(DocNo{1});
  EXPECT_EQ(index->View()->size(), 1u);
  index->Remove(DocNo{2});
  index->Remove(DocNo{2});
  EXPECT_EQ(index->View()->size(), 0u);
  EXPECT_EQ(index->View()->document_count(), 0u);
}

TEST(ExactUpdateTest, RandomChangesAgreeWithTheModel) {
  for (Metric metric : AllMetrics()) {
    for (uint32_t seed = 1; seed <= 3; ++seed) {
      Churn churn(10, metric, seed);
      for (int step = 0; step < 4000; ++step) {
        // Phases of growth and of shrinking, and now and then a document of several blocks.
        uint32_t adding = step / 800 % 2 == 0 ? 70 : 35;
        if (churn.generator()() % 100 < adding) {
          churn.Add(churn.generator()() % 200 == 0 ? 300 : 1 + churn.generator()() % 3);
        } else {
          churn.RemoveAny();
        }
        if (step % 200 == 0) churn.Check(20);
      }
      churn.Check(churn.model().size());
      while (churn.live() > 0) churn.RemoveAny();
      churn.Check(5);
    }
  }
}

TEST(ExactUpdateTest, DocumentsLargerThanBlocksMoveAsAWhole) {
  // At this dimension a block holds 16 rows; documents of up to 40 span three.
  Churn churn(16384, Metric::kL2, 5);
  for (int step = 0; step < 60; ++step) {
    if (churn.live() < 6 || churn.generator()() % 2 == 0) churn.Add(1 + churn.generator()() % 40);
    if (churn.live() > 8) churn.RemoveAny();
    if (step % 20 == 0) churn.Check(50);
  }
  while (churn.live() > 1) churn.RemoveAt(churn.live() / 2);
  churn.Check(100);
}

TEST(ExactUpdateTest, ViewsNeverChange) {
  Churn churn(12, Metric::kL2, 9);
  struct Kept {
    VectorViewPtr view;
    test::Model model;
    uint64_t bytes;
  };
  std::vector<Kept> kept;
  for (int step = 0; step < 3000; ++step) {
    bool grow = step < 1500;
    if (churn.generator()() % 10 < (grow ? 8u : 3u)) {
      churn.Add(1 + churn.generator()() % 3);
    } else {
      churn.RemoveAny();
    }
    if (step % 250 == 0) {
      auto view = churn.index().View();
      kept.push_back({view, churn.model(), view->memory_bytes()});
    }
  }
  while (churn.live() > 0) churn.RemoveAny();
  for (const Kept& one : kept) {
    std::vector<float> query = test::RandomVectors(churn.generator(), 1, 12);
    EXPECT_EQ(one.view->size(), one.model.size());
    EXPECT_EQ(one.view->memory_bytes(), one.bytes);
    one.model.Check(SearchOne(*one.view, query.data(), 100000), query.data(), 100000, nullptr);
  }
}

TEST(ExactUpdateTest, AViewOutlivesItsIndex) {
  std::mt19937 generator(1);
  auto index = MakeIndex(4, Metric::kL2);
  std::vector<float> v = test::RandomVectors(generator, 50, 4);
  CAIRN_ASSERT_OK(index->Add(DocNo{1}, v.data(), 50));
  VectorViewPtr view = index->View();
  index.reset();
  EXPECT_EQ(SearchOne(*view, v.data() + 40, 1)[0].chunk.ordinal, 10u);
}

TEST(ExactUpdateTest, SpaceIsGivenBack) {
  constexpr uint32_t kDim = 128;
  constexpr uint64_t kRowBytes = kDim * sizeof(float);
  std::mt19937 generator(3);
  auto index = MakeIndex(kDim, Metric::kCosine);
  std::vector<float> v = test::RandomVectors(generator, 1, kDim);
  std::vector<uint64_t> docs(20000);
  uint64_t empty = index->View()->memory_bytes();
  for (uint64_t doc = 0; doc < docs.size(); ++doc) {
    CAIRN_ASSERT_OK(index->Add(DocNo{doc}, v.data(), 1));
    docs[doc] = doc;
  }
  uint64_t full = index->View()->memory_bytes();
  EXPECT_GE(full, docs.size() * kRowBytes);
  EXPECT_LE(full, docs.size() * kRowBytes * 5 / 4 + (2 << 20));
  std::shuffle(docs.begin(), docs.end(), generator);
  for (size_t removed = 0; removed < docs.size(); ++removed) {
    index->Remove(DocNo{docs[removed]});
    if (removed % 500 != 0) continue;
    uint64_t live = docs.size() - removed - 1;
    // A third on top of the live rows, bookkeeping, and one tail block.
    ASSERT_LE(index->View()->memory_bytes(), live * kRowBytes * 3 / 2 + (3 << 20)) << live;
  }
  EXPECT_EQ(index->View()->size(), 0u);
  EXPECT_LE(index->View()->memory_bytes(), empty + (64 << 10));
}

TEST(ExactUpdateTest, ASmallRestTakesLittleSpace) {
  std::mt19937 generator(4);
  auto index = MakeIndex(384, Metric::kCosine);
  for (uint64_t doc = 0; doc < 3000; ++doc) {
    std::vector<float> v = test::RandomVectors(generator, 1, 384);
    CAIRN_ASSERT_OK(index->Add(DocNo{doc}, v.data(), 1));
  }
  for (uint64_t doc = 10; doc < 3000; ++doc) index->Remove(DocNo{doc});
  EXPECT_EQ(index->View()->size(), 10u);
  EXPECT_LE(index->View()->memory_bytes(), 1u << 20);
}

TEST(ExactUpdateTest, EndlessReplacementDoesNotSwell) {
  constexpr uint32_t kDim = 64;
  std::mt19937 generator(6);
  auto index = MakeIndex(kDim, Metric::kL2);
  std::vector<float> v = test::RandomVectors(generator, 1, kDim);
  std::deque<uint64_t> live;
  uint64_t most = 0;
  for (uint64_t doc = 0; doc < 60000; ++doc) {
    CAIRN_ASSERT_OK(index->Add(DocNo{doc}, v.data(), 1));
    live.push_back(doc);
    if (live.size() <= 1000) continue;
    // Mostly the oldest, sometimes any: the first block keeps a few survivors for long.
    size_t victim = doc % 4 == 0 ? generator() % live.size() : doc % 3;
    index->Remove(DocNo{live[victim]});
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
    most = std::max(most, index->View()->memory_bytes());
  }
  EXPECT_EQ(index->View()->size(), 1000u);
  EXPECT_LE(most, 1000 * kDim * sizeof(float) * 4 + (1 << 20));
}

}  // namespace
}  // namespace cairn::vector
