#include "vector/search_scratch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace cairn::vector {
namespace {

bool Visited(VisitedRows& visited, uint32_t row) {
  return ((visited.words()[row / 64] >> (row % 64)) & 1) != 0;
}

TEST(VisitedRowsTest, BeginForgetsAllWhetherFewOrMany) {
  std::mt19937 random(41);
  VisitedRows visited;
  for (uint32_t rows : {1u, 64u, 65u, 5000u, 100u, 20'000u, 20'000u, 3u, 20'000u}) {
    for (uint32_t marks : {0u, 1u, 3u, rows / 64 / 8, rows / 2, rows}) {
      visited.Begin(rows);
      ASSERT_TRUE(visited.marked().empty());
      for (uint32_t row = 0; row < rows; ++row) ASSERT_FALSE(Visited(visited, row)) << row;
      for (uint32_t i = 0; i < marks; ++i) {
        auto row = static_cast<uint32_t>(random() % rows);
        visited.words()[row / 64] |= uint64_t{1} << (row % 64);
        visited.marked().push_back(row);
      }
    }
  }
}

TEST(ScratchPoolTest, OneLeaseAfterTheOtherSharesTheScratch) {
  ScratchPool pool;
  SearchScratch* first = nullptr;
  {
    ScratchPool::Lease lease(&pool);
    first = lease.get();
    lease->rows.resize(77);
  }
  ScratchPool::Lease again(&pool);
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(again->rows.size(), 77u);
}

TEST(ScratchPoolTest, LeasesHeldTogetherDiffer) {
  ScratchPool pool;
  std::vector<std::unique_ptr<ScratchPool::Lease>> leases;
  std::set<SearchScratch*> distinct;
  for (int i = 0; i < 40; ++i) {
    leases.push_back(std::make_unique<ScratchPool::Lease>(&pool));
    distinct.insert(leases.back()->get());
  }
  EXPECT_EQ(distinct.size(), 40u);
}

TEST(ScratchPoolTest, ManyThreadsNeverShare) {
  ScratchPool pool;
  std::atomic<int> clashes{0};
  auto work = [&](uint32_t thread) {
    for (uint32_t i = 0; i < 2000; ++i) {
      ScratchPool::Lease outer(&pool);
      ScratchPool::Lease inner(&pool);
      outer->rows.assign(16, thread * 10'000 + i);
      inner->rows.assign(16, ~(thread * 10'000 + i));
      for (uint32_t x : outer->rows) clashes += x != thread * 10'000 + i ? 1 : 0;
      for (uint32_t x : inner->rows) clashes += x != ~(thread * 10'000 + i) ? 1 : 0;
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 12; ++i) threads.emplace_back(work, i);  // 24 leases for 16 places
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clashes, 0);
}

}  // namespace
}  // namespace cairn::vector
