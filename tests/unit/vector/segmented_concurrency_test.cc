#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "unit/vector/segmented_model.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 16;
constexpr size_t kWriters = 8;
constexpr size_t kDocumentsEach = test::kSanitized ? 500 : 2000;
constexpr size_t kDocuments = kWriters * kDocumentsEach;

enum State : uint8_t { kAbsent, kAdding, kAdded, kRemoving, kRemoved };

/// Writers with numbers of their own; every document knows how far it has got.
class Arena {
 public:
  Arena(Metric metric, size_t threads)
      : pool_(threads), index_(test::MakeSegmented(kDim, metric, &pool_)) {
    std::mt19937 random(static_cast<uint32_t>(metric) + 7);
    vectors_ = test::RandomVectors(random, kDocuments, kDim);
    // Of one length, so that under inner product too a vector is nearest to itself.
    test::NormalizeAll(&vectors_, kDim);
  }

  const float* Vector(size_t doc) const { return vectors_.data() + doc * kDim; }
  VectorIndex& index() { return *index_; }
  bool writing() const { return writing_ > 0; }

  void Write(size_t writer) {
    std::mt19937 random(static_cast<uint32_t>(writer));
    std::vector<size_t> mine;
    auto remove_one = [&] {
      std::swap(mine[random() % mine.size()], mine.back());
      states_[mine.back()] = kRemoving;
      index_->Remove(DocNo{mine.back()});
      states_[mine.back()] = kRemoved;
      mine.pop_back();
    };
    for (size_t i = 0; i < kDocumentsEach; ++i) {
      size_t doc = i * kWriters + writer;
      states_[doc] = kAdding;
      CAIRN_EXPECT_OK(index_->Add(DocNo{doc}, Vector(doc), 1));
      states_[doc] = kAdded;
      mine.push_back(doc);
      // An update takes the old one away; some go for good.
      if (i % 3 == 2) remove_one();
      if (i % 50 == 49) {
        for (int j = 0; j < 12; ++j) remove_one();
      }
    }
    --writing_;
  }

  void Read(uint32_t seed) {
    std::mt19937 random(seed);
    while (writing()) {
      std::vector<uint8_t> before(kDocuments);
      for (size_t doc = 0; doc < kDocuments; ++doc) before[doc] = states_[doc];
      VectorViewPtr view = index_->View();
      for (int i = 0; i < 10; ++i) {
        size_t wanted = random() % kDocuments;
        float target = i % 3 == 0 ? 1.0f : 0.98f;
        test::Hits hits = test::SearchWith(*view, Vector(wanted), test::Targeting(target, 10));
        ASSERT_EQ(hits.size(), std::min<size_t>(10, view->size()));
        for (size_t j = 0; j < hits.size(); ++j) {
          ASSERT_NE(before[ToInt(hits[j].chunk.doc)], kRemoved) << "ghost";
          ASSERT_TRUE(j == 0 || Better(hits[j - 1], hits[j]));
        }
        if (target == 1 && before[wanted] == kAdded && states_[wanted] == kAdded) {
          ASSERT_EQ(hits[0].chunk.doc, DocNo{wanted}) << "lost";
        }
      }
    }
  }

  /// Every live vector finds itself, and no other is found.
  void CheckAll(float target) {
    VectorViewPtr view = index_->View();
    size_t live = 0;
    size_t lost = 0;
    for (size_t doc = 0; doc < kDocuments; ++doc) {
      test::Hits hits = test::SearchWith(*view, Vector(doc), test::Targeting(target, 1));
      ASSERT_EQ(hits.size(), 1u);
      ASSERT_EQ(states_[ToInt(hits[0].chunk.doc)], kAdded) << "ghost";
      bool own = hits[0].chunk.doc == DocNo{doc};
      if (states_[doc] != kAdded) {
        ASSERT_FALSE(own) << "ghost";
        continue;
      }
      ++live;
      lost += own ? 0 : 1;
    }
    EXPECT_EQ(lost, 0u) << "of " << live << " at target " << target;
    EXPECT_EQ(view->size(), live);
    EXPECT_EQ(view->document_count(), live);
  }

 private:
  ThreadPool pool_;
  std::vector<float> vectors_;
  std::vector<std::atomic<uint8_t>> states_ = std::vector<std::atomic<uint8_t>>(kDocuments);
  std::atomic<size_t> writing_{kWriters};
  std::unique_ptr<VectorIndex> index_;  // before the pool, whose workers it uses
};

class SegmentedConcurrencyTest : public ::testing::TestWithParam<Metric> {};
INSTANTIATE_TEST_SUITE_P(Metrics, SegmentedConcurrencyTest,
                         ::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2));

TEST_P(SegmentedConcurrencyTest, EightWritersTwoReadersAndJobs) {
  Arena arena(GetParam(), 2);
  std::vector<std::thread> threads;
  for (size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&arena, writer] { arena.Write(writer); });
  }
  for (uint32_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&arena, reader] { arena.Read(reader + 50); });
  }
  for (std::thread& thread : threads) thread.join();
  if (HasFatalFailure()) return;
  ASSERT_NO_FATAL_FAILURE(arena.CheckAll(1));
  CAIRN_ASSERT_OK(arena.index().WaitIdle(120'000'000'000));
  ASSERT_NO_FATAL_FAILURE(arena.CheckAll(1));
  ASSERT_NO_FATAL_FAILURE(arena.CheckAll(0.98f));
}

}  // namespace
}  // namespace cairn::vector
