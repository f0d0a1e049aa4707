#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

// Long enough for every caller to arrive while the load is under way: it stands for work.
constexpr auto kLoad = std::chrono::milliseconds(10);

TEST(SingleFlightConcurrency, AThousandRoundsOfSixtyFourCallersAreAThousandLoads) {
  constexpr int kThreads = 64;
  constexpr int kRounds = 1000;
  CacheOptions options;
  options.max_entries = 100;
  auto cache = std::move(Cache::Create(options)).value();
  Space* space = cache->default_space();
  std::atomic<int> loads{0};
  std::atomic<int> wrong{0};
  std::barrier together(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string value = "value " + std::to_string(round);
        if (t == 0) cache->Bump(space);
        together.arrive_and_wait();
        LoadResult result;
        const Status status = cache->GetOrLoad(
            space, "key",
            [&](Loaded* out) {
              ++loads;
              std::this_thread::sleep_for(kLoad);
              out->value = value;
              return OkStatus();
            },
            {}, &result);
        if (!status.ok() || result.value() != value) ++wrong;
        together.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads.load(), kRounds);
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(cache->Stats(space).loads, uint64_t{kRounds});
}

}  // namespace
}  // namespace cairn::cache
