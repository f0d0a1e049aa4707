#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "resilience/batcher.h"
#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

/// Many callers, some hasty, some asynchronous; the batcher is closed while they are at it.
struct Load {
  explicit Load(const BatcherOptions& given) : options(given) {
    auto made =
        Batcher::Create(given, [this](std::span<BatchItem* const> batch) { return Run(batch); });
    EXPECT_TRUE(made.ok()) << made.status().message();
    batcher = std::move(made).value();
  }

  Status Run(std::span<BatchItem* const> batch) {
    uint64_t cost = 0;
    for (BatchItem* item : batch) {
      cost += item->cost;
      item->output = "<" + std::string(item->input) + ">";
      ran.fetch_add(1);
    }
    EXPECT_LE(batch.size(), options.max_items);
    EXPECT_LE(cost, options.max_cost);
    if (batch.size() % 7 == 3) return Error(Code::kInternal, "every now and then");
    return OkStatus();
  }

  void Call(int thread, int calls) {
    std::mt19937_64 random(static_cast<uint64_t>(thread));
    for (int i = 0; i < calls; ++i) {
      std::string input = std::to_string(thread) + "/" + std::to_string(i);
      uint64_t cost = random() % 5;
      Deadline deadline;
      if (random() % 3 == 0) {
        deadline = Deadline::After(Clock::System()->MonotonicNs(),
                                   static_cast<int64_t>(random() % 200'000));
      }
      if (random() % 2 == 0) {
        Result<std::string> result = batcher->Submit(input, cost, deadline);
        if (result.ok()) {
          EXPECT_EQ(*result, "<" + input + ">");
        }
        ended.fetch_add(1);
        continue;
      }
      Status taken = batcher->SubmitAsync(input, cost, deadline,
                                          [this](Status, std::string) { ended.fetch_add(1); });
      if (!taken.ok()) ended.fetch_add(1);
    }
  }

  const BatcherOptions options;
  std::unique_ptr<Batcher> batcher;
  std::atomic<int> ran{0};
  std::atomic<int> ended{0};
};

TEST(BatcherConcurrencyTest, EveryCallEndsOnceThroughLoadTimeoutsAndShutdown) {
  for (uint32_t workers : {1u, 3u}) {
    for (uint32_t enough : {1u, 4u}) {
      BatcherOptions options;
      options.name = "load";
      options.workers = workers;
      options.enough_items = enough;
      options.max_items = 16;
      options.max_cost = 20;
      options.max_queue = 24;
      options.max_delay_ns = 100'000;
      options.isolate = enough == 4;
      Load load(options);
      constexpr int kThreads = 8;
      constexpr int kCalls = 400;
      std::vector<std::thread> threads;
      std::atomic<int> half{0};
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          load.Call(t, kCalls);
          half.fetch_add(1);
          load.Call(t + 100, kCalls);
        });
      }
      while (half.load() < kThreads / 2) std::this_thread::yield();
      load.batcher->Close();
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(load.ended.load(), kThreads * kCalls * 2);
      EXPECT_GT(load.ran.load(), 0);
      BatcherStats stats = load.batcher->Stats();
      EXPECT_EQ(stats.queued, 0u);
      EXPECT_EQ(stats.running, 0u);
    }
  }
}

}  // namespace
}  // namespace cairn::resilience
