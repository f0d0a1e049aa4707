#include "cairn_bench/redis_outage.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/metrics.h"
#include "cairn_bench/redis_load.h"
#include "limiter/redis_store.h"
#include "limiter/shared_limiter.h"

namespace cairn::bench {
namespace {

using limiter::Decision;
using limiter::OnTrouble;
using limiter::SharedLimiter;

constexpr int64_t kDeadlineNs = 20'000'000;
constexpr limiter::PolicyId kPolicy{0};
constexpr uint32_t kThreads = 4;
constexpr uint64_t kLimit = 100;  // per second
/// Between two calls of a thread, so that they do not take the processors from the server.
constexpr std::chrono::microseconds kPause(500);

enum class Phase : uint8_t { kBefore, kOutage, kAfter };
constexpr const char* kPhases[] = {"before", "outage", "after"};

struct Tally {
  uint64_t allowed = 0;
  uint64_t refused = 0;
  uint64_t degraded = 0;
  std::vector<double> latencies;
};

/// The threads, and what they have seen in each phase.
class Askers {
 public:
  explicit Askers(SharedLimiter* limiter) : limiter_(limiter) {
    for (uint32_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~Askers() { Stop(); }
  void Stop() {
    stop_.store(true);
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  void Enter(Phase phase) { phase_.store(phase); }
  bool last_was_degraded() const { return last_degraded_.load(); }
  const Tally& Of(Phase phase) const { return tallies_[static_cast<size_t>(phase)]; }

 private:
  void Run() {
    while (!stop_.load()) {
      const Phase phase = phase_.load();
      const int64_t start_ns = Clock::System()->MonotonicNs();
      const Decision decision = limiter_->Check(kPolicy, "one client");
      const int64_t taken_ns = Clock::System()->MonotonicNs() - start_ns;
      last_degraded_.store(decision.degraded);
      {
        std::lock_guard<std::mutex> lock(mutex_);
        Tally& tally = tallies_[static_cast<size_t>(phase)];
        ++(decision.allowed() ? tally.allowed : tally.refused);
        tally.degraded += decision.degraded ? 1 : 0;
        tally.latencies.push_back(static_cast<double>(taken_ns) / kSecondNs);
      }
      std::this_thread::sleep_for(kPause);
    }
  }

  SharedLimiter* const limiter_;
  std::atomic<bool> stop_{false};
  std::atomic<Phase> phase_{Phase::kBefore};
  std::atomic<bool> last_degraded_{true};
  std::mutex mutex_;
  Tally tallies_[3];
  std::vector<std::thread> threads_;
};

void Print(const char* choice, const char* phase, const Tally& tally) {
  const auto late = std::count_if(tally.latencies.begin(), tally.latencies.end(),
                                  [](double seconds) { return seconds * 1e9 > kDeadlineNs; });
  JsonLine()
      .Text("on_trouble", choice)
      .Text("phase", phase)
      .Count("allowed", tally.allowed)
      .Count("refused", tally.refused)
      .Count("degraded", tally.degraded)
      .Number("p50_us", Percentile(tally.latencies, 50) * 1e6, 2)
      .Number("p99_us", Percentile(tally.latencies, 99) * 1e6, 2)
      .Number("max_us", Percentile(tally.latencies, 100) * 1e6, 1)
      .Count("over_20_ms", static_cast<uint64_t>(late))
      .Print();
}

/// Nanoseconds of a call while the server is away.
double CostOfACall(SharedLimiter* limiter) {
  constexpr int kCalls = 200'000;
  const int64_t start_ns = Clock::System()->MonotonicNs();
  for (int i = 0; i < kCalls; ++i) limiter->Check(kPolicy, "another");
  return static_cast<double>(Clock::System()->MonotonicNs() - start_ns) / kCalls;
}

void MeasureChoice(OnTrouble choice, const char* name, uint32_t seconds,
                   test::RedisServer* server) {
  net::RedisOptions options = server->ClientOptions();
  options.command_timeout_ns = kDeadlineNs;
  options.connect_timeout_ns = 50'000'000;
  auto store = std::make_unique<limiter::RedisStore>(OrThrow(net::RedisClient::Create(options)));
  const limiter::Policy policy{
      .name = "p", .rules = {{"r", limiter::Algorithm::kSlidingWindow, kLimit, kSecondNs, 0, 0}}};
  const auto local = OrThrow(limiter::Limiter::Create({&policy, 1}));
  SharedLimiter::Options shared;
  shared.on_trouble = choice;
  SharedLimiter limiter(std::move(store), local.get(), shared);

  Askers askers(&limiter);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  askers.Enter(Phase::kOutage);
  server->Kill();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const double cost_ns = CostOfACall(&limiter);
  server->Start();
  const int64_t back_ns = Clock::System()->MonotonicNs();
  while (askers.last_was_degraded()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const int64_t recovery_ns = Clock::System()->MonotonicNs() - back_ns;
  askers.Enter(Phase::kAfter);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  askers.Stop();
  for (const Phase phase : {Phase::kBefore, Phase::kOutage, Phase::kAfter}) {
    Print(name, kPhases[static_cast<size_t>(phase)], askers.Of(phase));
  }
  JsonLine()
      .Text("on_trouble", name)
      .Text("phase", "summary")
      .Count("outage_seconds", seconds)
      .Count("limit_per_second", kLimit)
      .Number("outage_call_ns", cost_ns, 0)
      .Number("recovery_ms", static_cast<double>(recovery_ns) / 1e6, 1)
      .Print();
}

}  // namespace

void MeasureRedisOutage(uint32_t seconds, test::RedisServer* server) {
  MeasureChoice(OnTrouble::kLocal, "local", seconds, server);
  MeasureChoice(OnTrouble::kOpen, "open", seconds, server);
  MeasureChoice(OnTrouble::kClosed, "closed", seconds, server);
}

}  // namespace cairn::bench
