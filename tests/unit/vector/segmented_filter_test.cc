#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "unit/kernels/require_code_kernel.h"
#include "unit/kernels/require_kernel.h"
#include "unit/vector/segmented_model.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 32;
constexpr size_t kRows = test::kSanitized ? 4000 : 20'000;
constexpr size_t kClusters = 50;
constexpr size_t kQueries = test::kSanitized ? 25 : 50;

/// Which documents pass, seen from the query's cluster.
enum class Shape { kSpread, kNearQuery, kFarFromQuery };

class FilteredRecallTest : public ::testing::TestWithParam<Metric> {
 protected:
  FilteredRecallTest() : clusters_(91, kDim, kClusters, 0.3f), twins_(kDim, GetParam(), &pool_) {
    for (uint64_t doc = 0; doc < kRows; ++doc) {
      twins_.Add(DocNo{doc}, clusters_.Point(doc % kClusters));
    }
    CAIRN_EXPECT_OK(twins_.index().WaitIdle(-1));
  }

  /// About `rate` of all documents. Near the query: those of its cluster first, then those of the
  /// clusters after it; far from it: none of its own cluster.
  std::unique_ptr<DocumentFilter> MakeFilter(Shape shape, double rate, size_t cluster) {
    std::vector<DocNo> documents;
    auto wanted = static_cast<size_t>(std::max(1.0, rate * kRows));
    if (shape == Shape::kSpread) {
      for (uint64_t doc = 0; doc < kRows; ++doc) {
        if (static_cast<double>(random_()) < rate * 4294967296.0) documents.push_back(DocNo{doc});
      }
      return std::make_unique<DocumentFilter>(documents);
    }
    for (size_t step = shape == Shape::kNearQuery ? 0 : 1; step < kClusters; ++step) {
      for (uint64_t doc = (cluster + step) % kClusters; doc < kRows; doc += kClusters) {
        if (documents.size() < wanted) documents.push_back(DocNo{doc});
      }
    }
    return std::make_unique<DocumentFilter>(documents);
  }

  double Recall(Shape shape, double rate) {
    double sum = 0;
    for (size_t i = 0; i < kQueries; ++i) {
      size_t cluster = i % kClusters;
      std::unique_ptr<DocumentFilter> filter = MakeFilter(shape, rate, cluster);
      std::vector<float> query = clusters_.Point(cluster);
      SearchWork work;
      test::Hits hits = test::SearchWith(*twins_.index().View(), query.data(),
                                         test::Nearest(10, filter.get()), &work);
      twins_.CheckApproximate(hits, query.data(), 10, filter.get(), &sum);
      ++modes_[static_cast<size_t>(work.mode)];
      fallbacks_ += work.fell_back ? 1 : 0;
      if (HasFatalFailure()) return 0;
    }
    return sum / kQueries;
  }

  std::mt19937 random_{92};
  ThreadPool pool_{2};
  test::Clusters clusters_;
  test::Twins twins_;
  size_t modes_[3] = {};
  size_t fallbacks_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Metrics, FilteredRecallTest,
                         ::testing::Values(Metric::kCosine, Metric::kInnerProduct, Metric::kL2));

TEST_P(FilteredRecallTest, EveryRateAndShape) {
  const char* names[] = {"spread", "near", "far"};
  for (Shape shape : {Shape::kSpread, Shape::kNearQuery, Shape::kFarFromQuery}) {
    for (double rate : {0.5, 0.2, 0.1, 0.05, 0.01, 0.001}) {
      std::fill(modes_, modes_ + 3, size_t{0});
      fallbacks_ = 0;
      double recall = Recall(shape, rate);
      std::printf("%s %.1f %%: recall %.4f exact %zu graph %zu filtered %zu fallbacks %zu\n",
                  names[static_cast<size_t>(shape)], rate * 100, recall, modes_[0], modes_[1],
                  modes_[2], fallbacks_);
      EXPECT_GE(recall, 0.99) << names[static_cast<size_t>(shape)] << " " << rate;
    }
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace cairn::vector
