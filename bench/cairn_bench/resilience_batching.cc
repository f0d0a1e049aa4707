#include "cairn_bench/resilience_batching.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cairn_bench/json_line.h"
#include "resilience/batcher.h"

namespace cairn::bench {
namespace {

using resilience::Batcher;
using resilience::BatcherOptions;
using resilience::BatcherStats;
using resilience::BatchItem;

constexpr int64_t kBatchNs = 2'000'000;
constexpr int64_t kItemNs = 100'000;

int64_t Now() { return Clock::System()->MonotonicNs(); }

/// Serves one batch at a time: it waits, as one does for another machine. Notes what each item
/// waited before its batch began.
class Backend {
 public:
  void Serve(size_t items) {
    std::lock_guard<std::mutex> lock(mutex_);
    std::this_thread::sleep_for(
        std::chrono::nanoseconds(kBatchNs + kItemNs * static_cast<int64_t>(items)));
  }

  Status Run(std::span<BatchItem* const> batch) {
    int64_t now_ns = Now();
    for (const BatchItem* item : batch) {
      waits_ms_.push_back(static_cast<double>(now_ns - item->submitted_ns) / 1e6);
    }
    Serve(batch.size());
    return OkStatus();
  }

  double WaitMs(double quantile) {
    if (waits_ms_.empty()) return 0;
    std::sort(waits_ms_.begin(), waits_ms_.end());
    auto rank = static_cast<size_t>(quantile * static_cast<double>(waits_ms_.size() - 1));
    return waits_ms_[rank];
  }

 private:
  std::mutex mutex_;
  std::vector<double> waits_ms_;  // written by the one worker
};

std::unique_ptr<Batcher> Make(const BatcherOptions& options, Batcher::Runner runner) {
  auto made = Batcher::Create(options, std::move(runner));
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  return std::move(made).value();
}

/// Seconds until all callers together have made so many calls.
template <typename Call>
double Drive(uint32_t callers, uint32_t calls, Call call) {
  std::atomic<int64_t> left{calls};
  std::vector<std::thread> threads;
  int64_t begin_ns = Now();
  for (uint32_t i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      while (left.fetch_sub(1) > 0) call();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(Now() - begin_ns) / 1e9;
}

double DriveUnbatched(const BatchingLoad& load, uint32_t calls) {
  Backend backend;
  return calls / Drive(load.callers, calls, [&] { backend.Serve(1); });
}

void MeasureLoad(const BatchingLoad& load, uint32_t enough_items) {
  BatcherOptions options;
  options.name = "bench";
  options.enough_items = enough_items;
  options.max_delay_ns = int64_t{load.delay_ms} * 1'000'000;
  Backend backend;
  auto batcher =
      Make(options, [&](std::span<BatchItem* const> batch) { return backend.Run(batch); });
  double unbatched = DriveUnbatched(load, std::min<uint32_t>(load.items, 200));
  double seconds = Drive(load.callers, load.items, [&] {
    if (!batcher->Submit("x").ok()) throw std::runtime_error("an item failed");
  });
  BatcherStats stats = batcher->Stats();
  double per_second = load.items / seconds;
  double ideal_s = static_cast<double>(stats.batches) * kBatchNs / 1e9 +
                   static_cast<double>(stats.items) * kItemNs / 1e9;
  JsonLine line;
  line.Text("phase", "batcher").Text("subject", "load").Count("enough_items", enough_items);
  line.Count("callers", load.callers).Number("items_per_s", per_second, 0);
  line.Number("unbatched_per_s", unbatched, 0).Number("times_unbatched", per_second / unbatched, 2);
  line.Number("items_per_batch",
              static_cast<double>(stats.items) / static_cast<double>(stats.batches), 1);
  line.Number("utilisation", static_cast<double>(stats.busy_ns) / 1e9 / seconds, 3);
  line.Number("utilisation_ideal", ideal_s / seconds, 3);
  line.Number("wait_p50_ms", backend.WaitMs(0.5), 2).Number("wait_p99_ms", backend.WaitMs(0.99), 2);
  line.Number("wait_target_ms", load.delay_ms + 1, 0);
  line.Flag("reached", per_second >= 3 * unbatched && backend.WaitMs(0.99) <= load.delay_ms + 1 &&
                           static_cast<double>(stats.busy_ns) / 1e9 / seconds >= 0.7);
  line.Print();
}

/// Items that come one by one, too few for a batch, on a backend that is always idle: nothing but
/// the delay makes them wait.
void MeasureDelay(const BatchingLoad& load) {
  constexpr uint32_t kItems = 600;
  BatcherOptions options;
  options.name = "bench";
  options.enough_items = options.max_items;
  options.max_delay_ns = int64_t{load.delay_ms} * 1'000'000;
  std::vector<double> waits_ms;  // written by the one worker
  auto batcher = Make(options, [&](std::span<BatchItem* const> batch) {
    const int64_t now_ns = Now();
    for (const BatchItem* item : batch) {
      waits_ms.push_back(static_cast<double>(now_ns - item->submitted_ns) / 1e6);
    }
    return OkStatus();
  });
  for (uint32_t i = 0; i < kItems; ++i) {
    if (!batcher->SubmitAsync("x", 1, {}, [](Status, std::string) {}).ok()) {
      throw std::runtime_error("an item was refused");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  batcher->Close();
  std::sort(waits_ms.begin(), waits_ms.end());
  JsonLine line;
  line.Text("phase", "batcher").Text("subject", "delay").Count("items", waits_ms.size());
  line.Number("wait_p50_ms", waits_ms[waits_ms.size() / 2], 2);
  line.Number("wait_p99_ms", waits_ms[waits_ms.size() * 99 / 100], 2);
  line.Number("wait_target_ms", load.delay_ms + 1, 0);
  line.Flag("reached", waits_ms[waits_ms.size() * 99 / 100] <= load.delay_ms + 1).Print();
}

/// What a lone item pays on a backend that takes no time. With a deadline it goes through another
/// thread, which must be woken, and wake the caller.
void MeasureIdle(bool with_deadline) {
  BatcherOptions options;
  options.name = "bench";
  auto batcher = Make(options, [](std::span<BatchItem* const>) { return OkStatus(); });
  std::vector<double> us;
  for (int i = 0; i < 5000; ++i) {
    int64_t begin_ns = Now();
    resilience::Deadline deadline;
    if (with_deadline) deadline = resilience::Deadline::After(begin_ns, 1'000'000'000);
    if (!batcher->Submit("x", 1, deadline).ok()) throw std::runtime_error("an item failed");
    us.push_back(static_cast<double>(Now() - begin_ns) / 1e3);
  }
  std::sort(us.begin(), us.end());
  JsonLine line;
  line.Text("phase", "batcher").Text("subject", with_deadline ? "idle_with_deadline" : "idle");
  line.Number("p10_us", us[us.size() / 10], 1).Number("p50_us", us[us.size() / 2], 1);
  line.Number("p99_us", us[us.size() * 99 / 100], 1).Number("target_us", 20, 0);
  line.Flag("reached", us[us.size() / 2] <= 20).Print();
}

void MeasureEnqueue() {
  constexpr uint32_t kItems = 400'000;
  BatcherOptions options;
  options.name = "bench";
  options.max_items = 1024;
  options.max_queue = 1 << 20;
  std::atomic<uint32_t> ended{0};
  auto batcher = Make(options, [](std::span<BatchItem* const>) { return OkStatus(); });
  double seconds = Drive(2, kItems, [&] {
    Status taken = batcher->SubmitAsync(
        "x", 1, {}, [&](Status, std::string) { ended.fetch_add(1, std::memory_order_relaxed); });
    if (!taken.ok()) throw std::runtime_error("an item was refused");
  });
  batcher->Close();
  if (ended.load() != kItems) throw std::runtime_error("an item was lost");
  JsonLine line;
  line.Text("phase", "batcher").Text("subject", "enqueue").Count("threads", 2);
  line.Number("items_per_s", kItems / seconds, 0).Print();
}

}  // namespace

void MeasureBatching(const BatchingLoad& load) {
  MeasureIdle(false);
  MeasureIdle(true);
  MeasureEnqueue();
  MeasureDelay(load);
  MeasureLoad(load, 1);
  MeasureLoad(load, std::min<uint32_t>(load.callers, 64) / 2 + 1);
}

}  // namespace cairn::bench
