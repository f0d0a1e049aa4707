#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/engine_build.h"
#include "cairn_bench/engine_cairn.h"
#include "cairn_bench/metrics.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

/// Adds vectors of the workload again, under new numbers, at an even rate, in a thread of its own
/// until stopped. Vectors that came late are added at once.
class Writer {
 public:
  Writer(const Workload& workload, CairnEngine* engine, uint32_t first_doc, uint32_t rate)
      : thread_([=, this, &workload] {
          try {
            Write(workload, engine, first_doc, rate);
          } catch (...) {
            error_ = std::current_exception();
          }
        }) {}
  ~Writer() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Returns how many were added; throws what made the thread end.
  uint32_t Stop() {
    stopping_ = true;
    thread_.join();
    if (error_) std::rethrow_exception(error_);
    return added_;
  }

 private:
  void Write(const Workload& workload, CairnEngine* engine, uint32_t first_doc, uint32_t rate) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    while (!stopping_) {
      const uint32_t doc = first_doc + added_;
      engine->Add(doc, workload.base.Row(doc % workload.base.count()));
      ++added_;
      const std::chrono::duration<double> due(static_cast<double>(added_) / rate);
      std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(due));
    }
  }

  std::atomic<bool> stopping_{false};
  uint32_t added_ = 0;        // the thread's until it is joined
  std::exception_ptr error_;  // the thread's until it is joined
  std::thread thread_;        // last: it uses the others
};

/// What one reader saw in the windows of one kind.
struct ReaderSamples {
  std::vector<double> seconds;  // of each search
  double passed = 0;

  double Qps() const { return static_cast<double>(seconds.size()) / passed; }
};

/// Searches as a program would, a new view each time, for about `seconds`.
void Read(const Workload& workload, float target, double seconds, CairnEngine* engine,
          ReaderSamples* samples) {
  std::vector<uint32_t> rows(workload.k);
  const Stopwatch window;
  for (size_t i = 0; window.Seconds() < seconds; ++i) {
    const Stopwatch watch;
    engine->SearchTarget(*engine->NewView(), workload.queries.Row(i % workload.queries.count()),
                         workload.k, target, rows.data());
    samples->seconds.push_back(watch.Seconds());
  }
  samples->passed += window.Seconds();
}

void Print(const std::string& phase, const ReaderSamples& samples) {
  JsonLine()
      .Text("engine", "cairn")
      .Text("phase", phase)
      .Number("qps", samples.Qps(), 1)
      .Count("searches", samples.seconds.size())
      .Number("p50_us", Percentile(samples.seconds, 50) * 1e6, 2)
      .Number("p99_us", Percentile(samples.seconds, 99) * 1e6, 2)
      .Number("p99_ms", Percentile(samples.seconds, 99) * 1e3, 4)
      .Number("max_ms", Percentile(samples.seconds, 100) * 1e3, 3)
      .Print();
}

}  // namespace

void RunMixed(const std::vector<std::string>& given) {
  const Arguments arguments(given,
                            WorkloadArguments({"target-recall", "rounds", "seconds", "rate"}), {});
  const double target = arguments.Share("target-recall", 0.98);
  const uint32_t rounds = arguments.Count("rounds", 3);
  const uint32_t seconds = arguments.Count("seconds", 5);
  const uint32_t rate = arguments.Count("rate", 1000);
  const Workload workload = ReadWorkload(arguments, std::numeric_limits<size_t>::max());
  CairnEngine engine(OptionsFor(workload));
  MeasureBuild(workload, &engine);

  ReaderSamples idle;
  ReaderSamples busy;
  auto next_doc = static_cast<uint32_t>(workload.base.count());
  uint32_t added = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    Read(workload, static_cast<float>(target), seconds, &engine, &idle);
    Writer writer(workload, &engine, next_doc, rate);
    Read(workload, static_cast<float>(target), seconds, &engine, &busy);
    const uint32_t added_now = writer.Stop();
    added += added_now;
    next_doc += added_now;
    engine.WaitIdle();
    // Idle and busy windows are to search the same vectors.
    for (uint32_t doc = next_doc - added_now; doc < next_doc; ++doc) engine.Remove(doc);
    engine.WaitIdle();
  }
  Print("idle", idle);
  Print("busy", busy);
  JsonLine line;
  line.Text("phase", "summary");
  Describe(workload, &line);
  line.Number("target_recall", target, 4)
      .Count("wanted_adds_per_s", rate)
      .Number("adds_per_s", added / busy.passed, 1)
      .Number("qps_share", busy.Qps() / idle.Qps(), 4)
      .Number("idle_p99_ms", Percentile(idle.seconds, 99) * 1e3, 4)
      .Number("p99_ms", Percentile(busy.seconds, 99) * 1e3, 4)
      .Number("idle_max_stall_ms", Percentile(idle.seconds, 100) * 1e3, 3)
      .Number("max_stall_ms", Percentile(busy.seconds, 100) * 1e3, 3)
      .Print();
}

}  // namespace cairn::bench
