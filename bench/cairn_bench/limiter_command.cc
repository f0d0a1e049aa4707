#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/limiter_load.h"
#include "cairn_bench/redis_limits.h"
#include "cairn_bench/resident_memory.h"
#include "cairn_bench/stopwatch.h"
#include "limiter/limiter.h"

namespace cairn::bench {
namespace {

using limiter::Algorithm;
using limiter::Decision;
using limiter::Key;
using limiter::Limiter;
using limiter::Policy;
using limiter::PolicyId;

constexpr PolicyId kPolicy{0};
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 24 * 3600 * kSecond;
/// Enough for a key not to be full again while the measurement lasts.
constexpr uint64_t kFillCost = 10'000;
constexpr uint32_t kOrderLength = 1 << 22;
constexpr size_t kBatch = 64;

struct LimiterRun {
  Algorithm algorithm = Algorithm::kGcra;
  std::string algorithm_name;
  uint32_t keys = 1;
  uint32_t threads = 1;
  uint32_t requests = 0;  ///< per thread and round
  uint32_t rounds = 5;
  double zipf = 0;
  bool shared = false;  ///< threads ask for the same keys
  uint64_t limit = 0;
  uint64_t memory_bytes = 0;
};

Algorithm AlgorithmOf(const std::string& name) {
  if (name == "fixed") return Algorithm::kFixedWindow;
  if (name == "sliding") return Algorithm::kSlidingWindow;
  if (name == "concurrency") return Algorithm::kConcurrency;
  return Algorithm::kGcra;
}

std::unique_ptr<Limiter> MakeLimiter(const LimiterRun& run, int64_t window_ns) {
  Policy policy;
  policy.name = "bench";
  policy.rules = {{"rule", run.algorithm, run.limit, window_ns, 0, 0}};
  policy.memory_bytes = run.memory_bytes;
  auto made = Limiter::Create(std::span(&policy, 1));
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  return std::move(made).value();
}

/// Whether it passed. The compiler must think that all of a decision is wanted.
uint64_t Passed(const Decision& decision) {
  asm volatile("" : : "m"(decision));
  return decision.allowed() ? 1 : 0;
}

/// Time per request of one way to ask, the best round.
struct Timing {
  double ns_per_decision = 1e18;
  double per_sec = 0;
};

/// Runs `ask` for each position of each thread's part of the order. The time of a round is from the
/// first thread's begin to the last one's end, so that threads which take turns gain nothing.
template <typename Ask>
Timing TimeThreads(const LimiterRun& run, const Ask& ask) {
  Timing best;
  for (uint32_t round = 0; round < run.rounds; ++round) {
    std::barrier start(static_cast<std::ptrdiff_t>(run.threads));
    std::vector<std::thread> threads;
    std::vector<std::pair<int64_t, int64_t>> spans(run.threads);
    for (uint32_t thread = 0; thread < run.threads; ++thread) {
      threads.emplace_back([&, thread] {
        start.arrive_and_wait();
        spans[thread].first = Clock::System()->MonotonicNs();
        ask(thread, run.requests);
        spans[thread].second = Clock::System()->MonotonicNs();
      });
    }
    for (std::thread& thread : threads) thread.join();
    int64_t begin = INT64_MAX;
    int64_t end = 0;
    for (const auto& [first, last] : spans) {
      begin = std::min(begin, first);
      end = std::max(end, last);
    }
    const double ns = static_cast<double>(end - begin) / run.requests;
    if (ns >= best.ns_per_decision) continue;
    best.ns_per_decision = ns;
    best.per_sec = 1e9 / ns * run.threads;
  }
  return best;
}

void PrintTiming(const LimiterRun& run, const char* way, const Timing& timing) {
  JsonLine()
      .Text("phase", "decide")
      .Text("algorithm", run.algorithm_name)
      .Text("way", way)
      .Count("keys", run.keys)
      .Count("threads", run.threads)
      .Number("zipf", run.zipf, 2)
      .Number("ns_per_decision", timing.ns_per_decision, 1)
      .Number("decisions_per_sec", timing.per_sec, 0)
      .Print();
}

/// Fills the table with every key, and says what each takes.
void MeasureFill(const LimiterRun& run, Limiter* it) {
  const ResidentMemory before = MeasureResident();
  const limiter::KeyHasher& hasher = it->hasher();
  const Stopwatch watch;
  uint64_t overflowed = 0;
  for (uint32_t key = 0; key < run.keys; ++key) {
    overflowed += it->Check(kPolicy, hasher.Of(uint64_t{key}), kFillCost).overflowed ? 1 : 0;
  }
  const double seconds = watch.Seconds();
  const uint64_t bytes = it->StatsOf(kPolicy).memory_bytes;
  JsonLine()
      .Text("phase", "fill")
      .Text("algorithm", run.algorithm_name)
      .Count("keys", run.keys)
      .Number("ns_per_new_key", seconds * 1e9 / run.keys, 1)
      .Number("bytes_per_key", static_cast<double>(bytes) / run.keys, 2)
      .Count("memory_bytes", bytes)
      .Count("resident_bytes", GrowthSince(before).total())
      .Count("overflowed", overflowed)
      .Print();
}

/// One order of keys for each thread. With one key, or when told to, all threads ask for the same
/// ones; else no two threads do.
std::vector<std::vector<uint32_t>> MakeOrders(const LimiterRun& run) {
  std::vector<std::vector<uint32_t>> orders;
  for (uint32_t thread = 0; thread < run.threads; ++thread) {
    if (run.keys < run.threads) {
      orders.emplace_back(kOrderLength, 0);
      continue;
    }
    if (run.shared) {
      orders.push_back(MakeKeyOrder(run.keys, run.zipf, kOrderLength, 11 + thread));
      continue;
    }
    orders.push_back(MakeKeyOrder(run.keys / run.threads, run.zipf, kOrderLength, 11 + thread));
    for (uint32_t& key : orders.back()) key = key * run.threads + thread;
  }
  return orders;
}

void MeasureDecisions(const LimiterRun& run) {
  const std::unique_ptr<Limiter> it = MakeLimiter(run, 400 * kDay);
  MeasureFill(run, it.get());
  const limiter::KeyHasher& hasher = it->hasher();
  const std::vector<std::vector<uint32_t>> orders = MakeOrders(run);
  const auto key_at = [&](uint32_t thread) {
    const uint32_t* const order = orders[thread].data();
    return [order, &hasher](uint32_t i) { return hasher.Of(uint64_t{order[i % kOrderLength]}); };
  };
  std::atomic<uint64_t> allowed{0};
  // What drawing and hashing a key costs, which is in all figures below.
  PrintTiming(run, "keys_alone", TimeThreads(run, [&](uint32_t thread, uint32_t count) {
                const auto key = key_at(thread);
                uint64_t mixed = 0;
                for (uint32_t i = 0; i < count; ++i) mixed ^= key(i).hash;
                allowed += mixed & 1;
              }));
  PrintTiming(run, "own_clock", TimeThreads(run, [&](uint32_t thread, uint32_t count) {
                const auto key = key_at(thread);
                uint64_t mine = 0;
                for (uint32_t i = 0; i < count; ++i) {
                  mine += Passed(it->Check(kPolicy, key(i)));
                }
                allowed += mine;
              }));
  const int64_t now = it->NowNs();
  PrintTiming(run, "callers_time", TimeThreads(run, [&](uint32_t thread, uint32_t count) {
                const auto key = key_at(thread);
                uint64_t mine = 0;
                for (uint32_t i = 0; i < count; ++i) {
                  mine += Passed(it->Check(kPolicy, key(i), 1, now));
                }
                allowed += mine;
              }));
  PrintTiming(run, "batch_of_64", TimeThreads(run, [&](uint32_t thread, uint32_t count) {
                const auto key = key_at(thread);
                Key keys[kBatch];
                Decision decisions[kBatch];
                for (uint32_t i = 0; i < count; i += kBatch) {
                  for (uint32_t k = 0; k < kBatch; ++k) keys[k] = key(i + k);
                  it->CheckBatch(kPolicy, keys, {}, it->NowNs(), decisions);
                  allowed += decisions[0].allowed() ? 1 : 0;
                }
              }));
  if (allowed == 0) throw std::runtime_error("nothing was allowed");
}

/// Someone who knows everything tries to get more through in a window than the limit.
void MeasureAdversary(const LimiterRun& run) {
  constexpr int64_t kWindow = 1'000'000;
  LimiterRun strict = run;
  strict.limit = 100;
  const std::unique_ptr<Limiter> it = MakeLimiter(strict, kWindow);
  const Key key = it->hasher().Of("adversary");
  std::mt19937_64 random(5);
  std::vector<int64_t> passed;
  int64_t now = 1;
  Decision last;
  for (uint32_t i = 0; i < run.requests; ++i) {
    const uint64_t move = random() % 64;
    if (move == 0) now += last.reset_after_ns - static_cast<int64_t>(random() % 3);
    if (move == 1) now += last.retry_after_ns;
    if (move == 2) now += static_cast<int64_t>(random() % kWindow);
    last = it->Check(kPolicy, key, 1, now);
    if (last.allowed()) passed.push_back(now);
  }
  uint64_t worst = 0;
  for (size_t begin = 0, end = 0; begin < passed.size(); ++begin) {
    while (end < passed.size() && passed[end] <= passed[begin] + kWindow) ++end;
    worst = std::max<uint64_t>(worst, end - begin);
  }
  JsonLine()
      .Text("phase", "adversary")
      .Text("algorithm", run.algorithm_name)
      .Count("limit", strict.limit)
      .Count("requests", run.requests)
      .Count("passed", passed.size())
      .Count("worst_window", worst)
      .Print();
}

/// Ever new keys while one key is over its limit.
void MeasureFlood(const LimiterRun& run) {
  LimiterRun flooded = run;
  flooded.limit = 5;
  const std::unique_ptr<Limiter> it = MakeLimiter(flooded, 3600 * kSecond);
  const Key culprit = it->hasher().Of("culprit");
  for (uint64_t i = 0; i < flooded.limit; ++i) it->Check(kPolicy, culprit);
  uint64_t passed = 0;
  uint64_t most_bytes = 0;
  uint64_t overflowed = 0;
  const Stopwatch watch;
  for (uint64_t i = 0; i < run.keys; ++i) {
    overflowed += it->Check(kPolicy, it->hasher().Of(i)).overflowed ? 1 : 0;
    if (i % 1024 != 0) continue;
    passed += it->Check(kPolicy, culprit).allowed() ? 1 : 0;
    most_bytes = std::max(most_bytes, it->StatsOf(kPolicy).memory_bytes);
  }
  JsonLine()
      .Text("phase", "flood")
      .Text("algorithm", run.algorithm_name)
      .Count("keys", run.keys)
      .Number("ns_per_key", watch.Seconds() * 1e9 / run.keys, 1)
      .Count("budget_bytes", run.memory_bytes)
      .Count("most_bytes", most_bytes)
      .Count("overflowed", overflowed)
      .Count("culprit_passed", passed)
      .Print();
}

}  // namespace

void RunLimiter(const std::vector<std::string>& given) {
  if (std::find(given.begin(), given.end(), "--redis") != given.end()) return RunRedisLimits(given);
  const Arguments arguments(
      given, {"algorithm", "keys", "threads", "zipf", "requests", "rounds", "memory-mib", "limit"},
      {"adversary", "flood", "shared"});
  LimiterRun run;
  run.algorithm_name = arguments.Choice("algorithm", {"gcra", "fixed", "sliding", "concurrency"});
  run.algorithm = AlgorithmOf(run.algorithm_name);
  run.keys = arguments.Count("keys", 1);
  run.threads = arguments.Count("threads", 1);
  run.requests = arguments.Count("requests", 4'000'000);
  run.rounds = arguments.Count("rounds", 5);
  run.shared = arguments.Has("shared");
  run.zipf = std::stod(arguments.Get("zipf", "0"));
  run.limit = arguments.Count("limit", 100'000'000);  // so high that requests pass
  run.memory_bytes = uint64_t{arguments.Count("memory-mib", 512)} << 20;
  if (arguments.Has("adversary")) {
    MeasureAdversary(run);
  } else if (arguments.Has("flood")) {
    MeasureFlood(run);
  } else {
    MeasureDecisions(run);
  }
}

}  // namespace cairn::bench
