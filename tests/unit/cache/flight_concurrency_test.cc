#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

TEST(FlightConcurrency, ManyCallersMakeOneLoadEachRound) {
  constexpr int kThreads = 64;
  constexpr int kRounds = 100;
  CacheOptions options;
  options.max_entries = 100;
  auto cache = std::move(Cache::Create(options)).value();
  std::atomic<int> loads{0};
  std::atomic<int> wrong{0};
  std::barrier together(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string key = std::to_string(round);
        together.arrive_and_wait();
        LoadResult result;
        const Status status = cache->GetOrLoad(
            cache->default_space(), key,
            [&](Loaded* out) {
              ++loads;
              std::this_thread::yield();
              out->value = "value " + key;
              return OkStatus();
            },
            {}, &result);
        if (!status.ok() || result.value() != "value " + key) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads.load(), kRounds);
  EXPECT_EQ(wrong.load(), 0);
}

TEST(FlightConcurrency, AFailureReachesAllAndATimeoutOnlyItsCaller) {
  CacheOptions options;
  options.max_entries = 100;
  auto cache = std::move(Cache::Create(options)).value();
  Mutex mutex;
  CondVar wake;
  bool stop = false;
  std::atomic<bool> loading{false};
  const Loader loader = [&](Loaded*) {
    loading = true;
    MutexLock lock(mutex);
    while (!stop) wake.Wait(mutex);
    return Error(Code::kUnavailable, "down");
  };
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  const auto call = [&] {
    LoadResult result;
    const Status status = cache->GetOrLoad(cache->default_space(), "a", loader, {}, &result);
    if (status.code() == Code::kUnavailable) ++failed;
  };
  threads.emplace_back(call);
  while (!loading.load()) std::this_thread::yield();
  for (int t = 0; t < 7; ++t) threads.emplace_back(call);
  LoadOptions brief;
  brief.timeout_ns = 1 * kMs;
  LoadResult result;
  EXPECT_EQ(cache->GetOrLoad(cache->default_space(), "a", loader, brief, &result).code(),
            Code::kTimedOut);
  {
    MutexLock lock(mutex);
    stop = true;
  }
  wake.SignalAll();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed.load(), 8);
}

}  // namespace
}  // namespace cairn::cache
