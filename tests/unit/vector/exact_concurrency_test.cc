#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "unit/kernels/require_kernel.h"
#include "unit/vector/model.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kDim = 32;
constexpr size_t kDocuments = 1600;
constexpr size_t kWriters = 2;

enum State : uint8_t { kAbsent, kAdded, kRemoving, kRemoved };

/// Writers add and remove documents of two chunks; every document knows how far it has got.
struct Arena {
  Arena() : generator(42), vectors(test::RandomVectors(generator, kDocuments * 2, kDim)) {}

  const float* Vectors(size_t doc) const { return vectors.data() + doc * 2 * kDim; }

  void Write(size_t writer) {
    std::mt19937 random(static_cast<uint32_t>(writer));
    std::vector<size_t> mine;
    for (size_t doc = writer; doc < kDocuments; doc += kWriters) {
      CAIRN_EXPECT_OK(index->Add(DocNo{doc}, Vectors(doc), 2));
      states[doc] = kAdded;
      mine.push_back(doc);
      while (mine.size() > 50 && random() % 4 != 0) {
        std::swap(mine[random() % mine.size()], mine.back());
        Remove(mine.back());
        mine.pop_back();
      }
    }
    --writing;
  }
  void Remove(size_t doc) {
    states[doc] = kRemoving;
    index->Remove(DocNo{doc});
    states[doc] = kRemoved;
  }

  std::mt19937 generator;
  const std::vector<float> vectors;
  std::unique_ptr<VectorIndex> index = test::MakeIndex(kDim, Metric::kCosine);
  std::vector<std::atomic<uint8_t>> states = std::vector<std::atomic<uint8_t>>(kDocuments);
  std::atomic<size_t> writing{kWriters};
};

std::vector<uint8_t> Look(const Arena& arena) {
  std::vector<uint8_t> states(kDocuments);
  for (size_t doc = 0; doc < kDocuments; ++doc) states[doc] = arena.states[doc];
  return states;
}

/// One search of everything in a fresh view, judged by the states before and after.
void SearchAll(const Arena& arena, size_t wanted) {
  std::vector<uint8_t> before = Look(arena);
  VectorViewPtr view = arena.index->View();
  std::vector<uint8_t> after = Look(arena);
  test::Hits hits = test::SearchOne(*view, arena.Vectors(wanted), kDocuments * 2);
  ASSERT_EQ(hits.size(), view->size());
  std::set<ChunkRef> chunks;
  for (const VectorHit& hit : hits) {
    ASSERT_TRUE(chunks.insert(hit.chunk).second) << "chunk twice";
    ASSERT_NE(before[ToInt(hit.chunk.doc)], kRemoved) << "ghost";
  }
  ASSERT_EQ(view->document_count() * 2, hits.size());
  for (uint64_t doc = 0; doc < kDocuments; ++doc) {
    if (before[doc] != kAdded || after[doc] != kAdded) continue;
    ASSERT_TRUE(chunks.count({DocNo{doc}, 0}) == 1 && chunks.count({DocNo{doc}, 1}) == 1) << "lost";
  }
  if (before[wanted] == kAdded && after[wanted] == kAdded) {
    ASSERT_TRUE((hits[0].chunk == ChunkRef{DocNo{wanted}, 0}));
  }
  EXPECT_EQ(hits, test::SearchOne(*view, arena.Vectors(wanted), kDocuments * 2)) << "view changed";
}

TEST(ExactConcurrencyTest, AddersRemoversAndSearchers) {
  Arena arena;
  std::vector<std::thread> threads;
  for (size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&arena, writer] { arena.Write(writer); });
  }
  for (uint32_t searcher = 0; searcher < 2; ++searcher) {
    threads.emplace_back([&arena, searcher] {
      std::mt19937 random(searcher + 100);
      do {
        SearchAll(arena, random() % kDocuments);
      } while (arena.writing != 0 && !::testing::Test::HasFatalFailure());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t doc = 0; doc < kDocuments; doc += 97) SearchAll(arena, doc);
}

TEST(ExactConcurrencyTest, OneDocumentHasOneWinner) {
  for (int round = 0; round < 50; ++round) {
    auto index = test::MakeIndex(kDim, Metric::kL2);
    std::vector<float> zero(kDim, 0);
    std::atomic<int> added{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] { added += index->Add(DocNo{1}, zero.data(), 1).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(added, 1);
    ASSERT_EQ(index->View()->size(), 1u);
  }
}

}  // namespace
}  // namespace cairn::vector
