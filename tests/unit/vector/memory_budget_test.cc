#include "vector/memory_budget.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <thread>

#include "support/matchers.h"
#include "support/temp_dir.h"
#include "unit/vector/segment_data.h"
#include "vector/vector_index.h"

namespace cairn::vector {
namespace {

using ::cairn::test::TempDir;

TEST(MemoryBudgetTest, ReservesUpToTheLimit) {
  auto budget = std::make_shared<MemoryBudget>(100);
  auto first = MemoryCharge::Reserve(budget, 60, 0, "the first");
  CAIRN_ASSERT_OK(first);
  EXPECT_EQ(budget->used_bytes(), 60u);
  CAIRN_EXPECT_ERROR(MemoryCharge::Reserve(budget, 41, 0, "the second"), Code::kResourceExhausted,
                     "the second needs 41 bytes, and of the limit for vectors in memory of 100 "
                     "bytes 60 are in use");
  CAIRN_EXPECT_ERROR(MemoryCharge::Reserve(budget, 30, 11, "headroom"), Code::kResourceExhausted,
                     "needs 41");
  CAIRN_EXPECT_ERROR(MemoryCharge::Reserve(budget, UINT64_MAX / 2, 0, "all"),
                     Code::kResourceExhausted, "");
  CAIRN_EXPECT_OK(MemoryCharge::Reserve(budget, 30, 10, "headroom"));
  EXPECT_EQ(budget->used_bytes(), 60u);
}

TEST(MemoryBudgetTest, WhatIsThereIsChargedWithoutAsking) {
  auto budget = std::make_shared<MemoryBudget>(100);
  {
    MemoryCharge charge(budget, 150);
    EXPECT_EQ(budget->used_bytes(), 150u);
    CAIRN_EXPECT_ERROR(MemoryCharge::Reserve(budget, 0, 1, "more"), Code::kResourceExhausted, "");
    charge.Resize(20);
    MemoryCharge part = charge.Split(5);
    EXPECT_EQ(charge.bytes(), 15u);
    EXPECT_EQ(budget->used_bytes(), 20u);
    MemoryCharge larger = charge.Split(25);
    EXPECT_EQ(budget->used_bytes(), 30u);
    MemoryCharge moved = std::move(larger);
    EXPECT_EQ(budget->used_bytes(), 30u);
    moved = std::move(part);
    EXPECT_EQ(budget->used_bytes(), 5u);
  }
  EXPECT_EQ(budget->used_bytes(), 0u);
}

TEST(MemoryBudgetTest, NoBudgetAndNoLimitRefuseNothing) {
  CAIRN_EXPECT_OK(MemoryCharge::Reserve(nullptr, UINT64_MAX / 4, 0, "all"));
  CAIRN_EXPECT_OK(MemoryCharge::Reserve(std::make_shared<MemoryBudget>(0), 1 << 30, 0, "all"));
}

uint64_t ResidentAnonymous() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  statm >> size >> resident >> shared;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// The most anonymous memory of the process while it lives.
class MemoryWatch {
 public:
  MemoryWatch() : watcher_([this] { Watch(); }) {}
  ~MemoryWatch() { Stop(); }
  uint64_t Stop() {
    done_ = true;
    if (watcher_.joinable()) watcher_.join();
    return most_;
  }

 private:
  void Watch() {
    while (!done_) {
      most_ = std::max(most_, ResidentAnonymous());
      std::this_thread::yield();
    }
  }
  std::atomic<bool> done_{false};
  uint64_t most_ = 0;  // the watcher's until it is joined
  std::thread watcher_;
};

/// What is counted is what is taken: the process grows by no more than the limit, and a little.
TEST(MemoryBudgetTest, TheProcessKeepsWithinTheLimit) {
  if (test::kSanitized) GTEST_SKIP() << "sanitizers take memory of their own";
  constexpr uint32_t kDim = 512;
  constexpr uint64_t kLimit = 24u << 20;
  constexpr uint64_t kSlack = 14u << 20;  // buffers, stacks, the allocator's own; most when busy
  mallopt(M_MMAP_THRESHOLD, 128 << 10);   // what is freed is given back, not kept
  TempDir dir;
  ThreadPool pool(1);
  VectorIndexOptions options;
  options.dim = kDim;
  options.pool = &pool;
  options.directory = dir.path();
  options.memory = std::make_shared<MemoryBudget>(kLimit);
  auto made = MakeSegmentedIndex(options);
  CAIRN_ASSERT_OK(made);
  VectorIndex& index = **made;
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  std::vector<float> pool_of_values(kDim + 4096);
  for (float& x : pool_of_values) x = normal(random);
  malloc_trim(0);
  const uint64_t before = ResidentAnonymous();
  MemoryWatch watch;
  uint64_t added = 0;
  bool refused = false;
  for (int settled = 0; settled < 2;) {
    auto room = index.ReserveRoom(1);
    if (!room.ok()) {
      EXPECT_EQ(room.status().code(), Code::kResourceExhausted);
      refused = true;
      ++settled;
      CAIRN_EXPECT_OK(index.WaitIdle(-1));
      continue;
    }
    settled = 0;
    std::vector<float> vector(pool_of_values.begin() + static_cast<ptrdiff_t>(added % 4096),
                              pool_of_values.begin() + static_cast<ptrdiff_t>(added % 4096) + kDim);
    vector[added % kDim] += 1;
    ASSERT_TRUE(index.Add(DocNo{++added}, vector.data(), 1).ok());
    ASSERT_LE(options.memory->used_bytes(), kLimit);
    if (added == 12'000) break;  // enough seen
  }
  const uint64_t most = watch.Stop();
  std::printf("grew by %.1f MB, limit %.1f MB, %llu vectors\n", double(most - before) / 1e6,
              double(kLimit) / 1e6, static_cast<unsigned long long>(added));
  EXPECT_LE(most, before + kLimit + kSlack);
  EXPECT_TRUE(refused || added == 12'000);
  EXPECT_GT(added, 5000u);
  EXPECT_EQ(index.View()->size(), added);
}

}  // namespace
}  // namespace cairn::vector
