#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "unit/kernels/require_kernel.h"
#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

using test::AllMetrics;
using test::MakeIndex;
using test::SearchOne;

/// An index of documents of one to four random chunks, and its model.
struct Filled {
  Filled(uint32_t dimension, Metric metric, size_t documents, ThreadPool* pool = nullptr)
      : dim(dimension),
        generator(dimension),
        index(MakeIndex(dimension, metric, pool)),
        model(dimension, metric) {
    for (uint64_t doc = 0; doc < documents; ++doc) {
      size_t chunks = 1 + generator() % 4;
      std::vector<float> vectors = test::RandomVectors(generator, chunks, dim);
      CAIRN_EXPECT_OK(index->Add(DocNo{doc * 3}, vectors.data(), chunks));
      model.Add(DocNo{doc * 3}, vectors.data(), chunks);
    }
  }
  const size_t dim;
  std::mt19937 generator;
  std::unique_ptr<VectorIndex> index;
  test::Model model;
};

TEST(ExactSearchTest, AgreesWithBruteForce) {
  for (Metric metric : AllMetrics()) {
    for (uint32_t dim : {1u, 3u, 16u, 50u, 128u}) {
      Filled filled(dim, metric, 700);
      for (size_t k : {1, 2, 10, 100, 5000}) {
        std::vector<float> query = test::RandomVectors(filled.generator, 1, dim);
        filled.model.Check(SearchOne(*filled.index->View(), query.data(), k), query.data(), k,
                           nullptr);
      }
    }
  }
}

TEST(ExactSearchTest, FiltersOfEveryDensity) {
  for (Metric metric : AllMetrics()) {
    Filled filled(24, metric, 800);
    for (int percent : {0, 1, 5, 20, 50, 80, 99, 100}) {
      Bitmap filter;
      for (uint64_t doc = 0; doc < 2400; ++doc) {
        if (static_cast<int>(filled.generator() % 100) < percent) filter.Set(doc);
      }
      for (size_t k : {1, 10, 400, 9999}) {
        std::vector<float> query = test::RandomVectors(filled.generator, 1, 24);
        filled.model.Check(SearchOne(*filled.index->View(), query.data(), k, &filter), query.data(),
                           k, &filter);
      }
    }
  }
}

TEST(ExactSearchTest, OneMatchingDocumentIsFoundWhereverItLies) {
  Filled filled(8, Metric::kL2, 3000);
  std::vector<float> query = test::RandomVectors(filled.generator, 1, 8);
  auto view = filled.index->View();
  for (uint64_t doc = 0; doc < 9000; doc += 3 * 37) {
    Bitmap filter;
    filter.Set(doc);
    filled.model.Check(SearchOne(*view, query.data(), 10, &filter), query.data(), 10, &filter);
  }
}

TEST(ExactSearchTest, TiesAreInOrderOfChunksExactly) {
  for (Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
    for (uint32_t dim : {2u, 5u, 19u}) {
      std::mt19937 generator(dim);
      auto index = MakeIndex(dim, metric);
      test::Model model(dim, metric);
      std::vector<uint64_t> docs(600);
      for (uint64_t i = 0; i < docs.size(); ++i) docs[i] = i;
      std::shuffle(docs.begin(), docs.end(), generator);
      for (uint64_t doc : docs) {
        std::vector<float> vectors = test::IntegerVectors(generator, 3, dim);
        CAIRN_ASSERT_OK(index->Add(DocNo{doc}, vectors.data(), 3));
        model.Add(DocNo{doc}, vectors.data(), 3);
      }
      for (size_t k : {1, 7, 100, 1799, 1800}) {
        std::vector<float> query = test::IntegerVectors(generator, 1, dim);
        model.Check(SearchOne(*index->View(), query.data(), k), query.data(), k, nullptr, true);
      }
    }
  }
}

TEST(ExactSearchTest, DuplicatesScoreTheSameToTheLastBit) {
  for (Metric metric : AllMetrics()) {
    std::mt19937 generator(1);
    auto index = MakeIndex(100, metric);
    std::vector<float> vector = test::RandomVectors(generator, 1, 100);
    for (uint64_t doc = 0; doc < 2000; ++doc) {
      CAIRN_ASSERT_OK(index->Add(DocNo{5000 - doc}, vector.data(), 1));
    }
    for (uint64_t doc = 0; doc < 2000; doc += 3) index->Remove(DocNo{5000 - doc});
    std::vector<float> query = test::RandomVectors(generator, 1, 100);
    auto hits = SearchOne(*index->View(), query.data(), 1333);
    ASSERT_EQ(hits.size(), 1333u);
    for (size_t i = 1; i < hits.size(); ++i) {
      ASSERT_EQ(hits[i].score, hits[0].score);
      ASSERT_LT(hits[i - 1].chunk, hits[i].chunk);
    }
  }
}

TEST(ExactSearchTest, ABatchGivesWhatSingleQueriesGive) {
  for (Metric metric : AllMetrics()) {
    Filled filled(40, metric, 900);
    auto view = filled.index->View();
    Bitmap filter;
    for (uint64_t doc = 0; doc < 2700; doc += 6) filter.Set(doc);
    for (size_t count : {2, 3, 63, 64, 65, 150}) {
      std::vector<float> queries = test::RandomVectors(filled.generator, count, 40);
      for (const Bitmap* chosen : std::vector<const Bitmap*>{nullptr, &filter}) {
        DocumentFilter documents(filter);
        std::vector<test::Hits> hits;
        CAIRN_ASSERT_OK(view->Search(queries.data(), count,
                                     test::Nearest(7, chosen == nullptr ? nullptr : &documents),
                                     &hits));
        ASSERT_EQ(hits.size(), count);
        for (size_t i = 0; i < count; ++i) {
          EXPECT_EQ(hits[i], SearchOne(*view, queries.data() + i * 40, 7, chosen)) << i;
        }
      }
    }
  }
}

/// Enough rows that even one query is worth splitting.
class PooledSearchTest : public ::testing::Test {
 protected:
  static constexpr size_t kDim = 512;
  static constexpr size_t kRows = 9000;

  std::unique_ptr<VectorIndex> Fill(ThreadPool* pool) const {
    auto index = MakeIndex(kDim, Metric::kCosine, pool);
    for (size_t i = 0; i < kRows; i += 3) {
      CAIRN_EXPECT_OK(index->Add(DocNo{i}, vectors_.data() + i * kDim, 3));
    }
    return index;
  }

  std::mt19937 generator_{7};
  const std::vector<float> vectors_ = test::UniformVectors(generator_, kRows, kDim);
};

TEST_F(PooledSearchTest, AThreadPoolChangesNothing) {
  // One group of queries split over rows, two groups, and a k too large to split.
  const std::vector<std::pair<size_t, size_t>> cases = {
      {1, 1}, {1, 10}, {2, 10}, {65, 10}, {1, 1001}};
  std::vector<float> queries = test::UniformVectors(generator_, 65, kDim);
  auto search = [&queries](const VectorIndex& index, size_t count, size_t k) {
    std::vector<test::Hits> hits;
    CAIRN_EXPECT_OK(index.View()->Search(queries.data(), count, test::Nearest(k), &hits));
    return hits;
  };
  std::vector<std::vector<test::Hits>> expected;
  auto alone = Fill(nullptr);
  for (auto [count, k] : cases) expected.push_back(search(*alone, count, k));
  for (size_t threads : {0, 1, 3}) {
    ThreadPool pool(threads);
    auto pooled = Fill(&pool);
    for (size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(search(*pooled, cases[i].first, cases[i].second), expected[i])
          << threads << " threads, case " << i;
    }
  }
}

TEST_F(PooledSearchTest, SearchingFromATaskOfThePoolWorks) {
  ThreadPool pool(1);
  auto index = Fill(&pool);
  test::Hits expected = SearchOne(*Fill(nullptr)->View(), vectors_.data() + 50 * kDim, 10);
  std::vector<test::Hits> found(4);
  pool.ParallelFor(
      4, [&](size_t i) { found[i] = SearchOne(*index->View(), vectors_.data() + 50 * kDim, 10); });
  for (const test::Hits& hits : found) EXPECT_EQ(hits, expected);
}

}  // namespace
}  // namespace cairn::vector
