#include "cairn_bench/redis_load.h"

#include <atomic>
#include <thread>

#include "base/clock.h"

namespace cairn::bench {
namespace {

constexpr size_t kMaxSamples = 200'000;  // of each thread

}  // namespace

uint64_t NextRandom(uint64_t* state) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return *state >> 33;
}

Load RunThreads(uint32_t thread_count, double seconds, const std::function<Step()>& make_step) {
  const Clock* clock = Clock::System();
  std::atomic<uint64_t> total{0};
  std::vector<std::vector<double>> latencies(thread_count);
  std::vector<std::thread> threads;
  const int64_t start_ns = clock->MonotonicNs();
  const int64_t end_ns = start_ns + static_cast<int64_t>(seconds * kSecondNs);
  for (uint32_t i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      const Step step = make_step();
      uint64_t random = i + 1;
      for (int64_t now_ns = clock->MonotonicNs(); now_ns < end_ns;) {
        total.fetch_add(step(&random), std::memory_order_relaxed);
        const int64_t then_ns = clock->MonotonicNs();
        if (latencies[i].size() < kMaxSamples) {
          latencies[i].push_back(static_cast<double>(then_ns - now_ns) / kSecondNs);
        }
        now_ns = then_ns;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Load load;
  load.per_second = static_cast<double>(total.load()) * kSecondNs /
                    static_cast<double>(clock->MonotonicNs() - start_ns);
  for (const auto& part : latencies) {
    load.latencies.insert(load.latencies.end(), part.begin(), part.end());
  }
  return load;
}

}  // namespace cairn::bench
