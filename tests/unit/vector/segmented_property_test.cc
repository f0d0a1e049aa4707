#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "support/temp_dir.h"
#include "unit/kernels/require_code_kernel.h"
#include "unit/kernels/require_kernel.h"
#include "unit/vector/segmented_model.h"

namespace cairn::vector {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* set = std::getenv(name);
  return set == nullptr ? otherwise : std::strtoull(set, nullptr, 10);
}

/// A view with what it answered when it was taken.
struct HeldView {
  VectorViewPtr view;
  size_t size;
  size_t documents;
  std::vector<float> query;
  std::vector<test::Hits> answers;
};

/// One random sequence of operations.
class Round {
 public:
  Round(uint64_t seed, ThreadPool* pool)
      : random_(static_cast<uint32_t>(seed)),
        dim_(8 + static_cast<uint32_t>(random_() % 25)),
        metric_(static_cast<Metric>(seed % 3)),
        clusters_(static_cast<uint32_t>(seed) + 1, dim_, 30, 0.3f),
        twins_(dim_, metric_, pool, seed % 2 == 0 ? folder_.path() : std::string()) {}

  void Run(size_t steps) {
    // Enough for a first segment, in one go.
    for (size_t rows = 0; rows < 2300;) rows += AddOne();
    for (size_t step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) Step();
    if (testing::Test::HasFatalFailure()) return;
    for (const HeldView& held : held_) ASSERT_NO_FATAL_FAILURE(CheckHeld(held));
    CAIRN_ASSERT_OK(twins_.index().WaitIdle(60'000'000'000));
    for (int i = 0; i < 20 && !testing::Test::HasFatalFailure(); ++i) Search();
    for (const HeldView& held : held_) ASSERT_NO_FATAL_FAILURE(CheckHeld(held));
  }
  double recall() const { return recall_sum_ / static_cast<double>(recall_count_); }

 private:
  size_t Below(size_t bound) { return random_() % bound; }

  void Step() {
    size_t dice = Below(100);
    if (dice < 12) {
      size_t count = 1 + Below(250);
      for (size_t i = 0; i < count; ++i) AddOne();
    } else if (dice < 24) {
      size_t count = 1 + Below(100);
      for (size_t i = 0; i < count && !twins_.documents().empty(); ++i) {
        twins_.Remove(AnyDocument());
        AddOne();
      }
    } else if (dice < 32) {
      size_t count = 1 + Below(dice == 31 ? twins_.documents().size() / 2 : 40);
      for (size_t i = 0; i < count && !twins_.documents().empty(); ++i) {
        twins_.Remove(AnyDocument());
      }
      twins_.index().Remove(DocNo{9'999'999});
    } else if (dice < 36) {
      CAIRN_ASSERT_OK(twins_.index().WaitIdle(60'000'000'000));
    } else if (dice < 42) {
      Hold();
    } else {
      Search();
    }
    VectorViewPtr view = twins_.index().View();
    ASSERT_EQ(view->document_count(), twins_.documents().size());
    ASSERT_EQ(view->size(), twins_.exact().View()->size());
  }

  size_t AddOne() {
    size_t chunks = 1 + Below(5);
    std::vector<float> vectors;
    for (size_t i = 0; i < chunks; ++i) {
      std::vector<float> one = clusters_.Point(Below(clusters_.count()));
      // Some are there more than once, to the last bit.
      if (Below(20) == 0) one = std::vector<float>(dim_, 0.25f);
      vectors.insert(vectors.end(), one.begin(), one.end());
    }
    twins_.Add(DocNo{next_doc_++}, vectors);
    return chunks;
  }
  DocNo AnyDocument() {
    auto found = twins_.documents().lower_bound(DocNo{Below(next_doc_)});
    return found == twins_.documents().end() ? twins_.documents().begin()->first : found->first;
  }
  std::vector<float> Query() {
    if (Below(20) == 0) return std::vector<float>(dim_, 0.25f);
    return clusters_.Point(Below(clusters_.count()));
  }
  std::unique_ptr<DocumentFilter> Filter() {
    size_t dice = Below(4);
    if (dice < 2) return nullptr;
    size_t one_in = dice == 2 ? 2 : 2 + Below(60);
    std::vector<DocNo> documents;
    for (uint64_t doc = 0; doc < next_doc_; ++doc) {
      if (Below(one_in) == 0) documents.push_back(DocNo{doc});
    }
    return std::make_unique<DocumentFilter>(documents);
  }

  void Search() {
    std::vector<float> query = Query();
    std::unique_ptr<DocumentFilter> filter = Filter();
    size_t k = Below(10) == 0 ? 1 + Below(300) : 1 + Below(20);
    ASSERT_NO_FATAL_FAILURE(twins_.CheckExact(test::Targeting(1, k, filter.get()), query.data()));
    test::Hits hits = test::SearchWith(*twins_.index().View(), query.data(),
                                       test::Targeting(0.98f, k, filter.get()));
    ASSERT_NO_FATAL_FAILURE(
        twins_.CheckApproximate(hits, query.data(), k, filter.get(), &recall_sum_));
    ++recall_count_;
  }

  std::vector<test::Hits> Answers(const VectorView& view, const float* query) const {
    return {test::SearchWith(view, query, test::Targeting(1, 15)),
            test::SearchWith(view, query, test::Targeting(0.98f, 15)),
            test::SearchWith(view, query, test::Targeting(0.9f, 100))};
  }
  void Hold() {
    VectorViewPtr view = twins_.index().View();
    std::vector<float> query = Query();
    HeldView held{view, view->size(), view->document_count(), query, Answers(*view, query.data())};
    if (held_.size() < 6) return held_.push_back(std::move(held));
    size_t old = Below(held_.size());
    ASSERT_NO_FATAL_FAILURE(CheckHeld(held_[old]));
    held_[old] = std::move(held);
  }
  void CheckHeld(const HeldView& held) const {
    ASSERT_EQ(held.view->size(), held.size);
    ASSERT_EQ(held.view->document_count(), held.documents);
    ASSERT_EQ(Answers(*held.view, held.query.data()), held.answers) << "the view changed";
  }

  std::mt19937 random_;
  const uint32_t dim_;
  const Metric metric_;
  test::Clusters clusters_;
  test::TempDir folder_;
  test::Twins twins_;
  std::vector<HeldView> held_;
  uint64_t next_doc_ = 1;
  double recall_sum_ = 0;
  size_t recall_count_ = 0;
};

/// CAIRN_PROPERTY_SEED and CAIRN_PROPERTY_ROUNDS choose what is run.
void RunRounds(size_t threads, uint64_t first_seed) {
  uint64_t seed = FromEnvironment("CAIRN_PROPERTY_SEED", first_seed);
  uint64_t rounds = FromEnvironment("CAIRN_PROPERTY_ROUNDS", 1);
  std::unique_ptr<ThreadPool> pool;
  if (threads > 0) pool = std::make_unique<ThreadPool>(threads);
  for (uint64_t i = 0; i < rounds; ++i) {
    std::cout << "seed " << seed + i << std::flush;
    SCOPED_TRACE(testing::Message() << "seed " << seed + i << ", " << threads << " threads");
    Round round(seed + i, pool.get());
    round.Run(test::kSanitized ? 60 : 150);
    std::cout << " recall " << round.recall() << std::endl;
    if (testing::Test::HasFatalFailure()) return;
    EXPECT_GE(round.recall(), 0.95);
  }
}

TEST(SegmentedPropertyTest, JobsInTheCallsThatWrite) { RunRounds(0, 2); }
TEST(SegmentedPropertyTest, OneWorker) { RunRounds(1, 103); }
TEST(SegmentedPropertyTest, ThreeWorkers) { RunRounds(3, 306); }

}  // namespace
}  // namespace cairn::vector
