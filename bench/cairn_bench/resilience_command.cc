#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "cairn_bench/allocation_count.h"
#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/resilience_batching.h"
#include "resilience/pipeline.h"

namespace cairn::bench {
namespace {

using resilience::Attempt;
using resilience::Bulkhead;
using resilience::CircuitBreaker;
using resilience::Pipeline;
using resilience::Retry;
using resilience::RetryBudget;

constexpr uint32_t kBatchCalls = 20'000;

template <typename T>
std::shared_ptr<T> Made(Result<std::unique_ptr<T>> made) {
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  return std::shared_ptr<T>(std::move(made).value());
}

/// Something that is called so often that its cost can be told.
struct Subject {
  std::string name;
  double target_ns;  ///< 0: it is there to compare with
  std::function<void(uint32_t calls)> run;
  double best_ns = 1e300;
  uint64_t allocations = 0;
};

/// Rounds through all subjects, so that what else the machine does hits them alike; the best of
/// each counts.
void MeasureAll(std::vector<Subject>* subjects, uint32_t rounds) {
  for (uint32_t round = 0; round < rounds; ++round) {
    for (Subject& subject : *subjects) {
      uint64_t allocations = AllocationsOfThisThread();
      int64_t begin_ns = Clock::System()->MonotonicNs();
      subject.run(kBatchCalls);
      auto ns = static_cast<double>(Clock::System()->MonotonicNs() - begin_ns);
      subject.allocations = AllocationsOfThisThread() - allocations;
      subject.best_ns = std::min(subject.best_ns, ns / kBatchCalls);
    }
  }
}

constexpr auto kSucceed = [](Attempt& attempt) -> Status {
  asm volatile("" : : "r"(&attempt) : "memory");  // so that the call is not optimised away
  return OkStatus();
};

std::function<void(uint32_t)> BreakerCalls(const resilience::BreakerOptions& options) {
  auto breaker = Made(CircuitBreaker::Create(options));
  return [breaker](uint32_t calls) {
    for (uint32_t i = 0; i < calls; ++i) {
      breaker->Record(breaker->Acquire().permit, Code::kOk);
    }
  };
}

std::function<void(uint32_t)> RefusedCalls() {
  auto breaker = Made(CircuitBreaker::Create({}));
  for (int i = 0; i < 5; ++i) breaker->Record(breaker->Acquire().permit, Code::kUnavailable);
  return [breaker](uint32_t calls) {
    for (uint32_t i = 0; i < calls; ++i) {
      if (breaker->Acquire().admitted) throw std::runtime_error("an open breaker let a call pass");
    }
  };
}

std::function<void(uint32_t)> RetryCalls() {
  auto retry = Made(Retry::Create({}, Made(RetryBudget::Create({}))));
  return [retry](uint32_t calls) {
    for (uint32_t i = 0; i < calls; ++i) {
      if (!retry->Run({}, kSucceed).ok()) throw std::runtime_error("a call failed");
    }
  };
}

std::function<void(uint32_t)> PipelineCalls() {
  resilience::BreakerOptions rates;
  rates.failure_rate = 0.5;
  rates.window = resilience::WindowKind::kTime;
  resilience::PipelineParts parts;
  parts.limiter = [](int64_t, int64_t*) { return OkStatus(); };
  parts.timeout_ns = 1'000'000'000;
  parts.retry = Made(Retry::Create({}, Made(RetryBudget::Create({}))));
  parts.bulkhead = Made(Bulkhead::Create({}));
  parts.breaker = Made(CircuitBreaker::Create(rates));
  auto pipeline = Made(Pipeline::Create(std::move(parts)));
  return [pipeline](uint32_t calls) {
    for (uint32_t i = 0; i < calls; ++i) {
      if (!pipeline->Run({}, kSucceed).ok()) throw std::runtime_error("a call failed");
    }
  };
}

std::vector<Subject> Subjects() {
  resilience::BreakerOptions calls;
  calls.failure_rate = 0.5;
  resilience::BreakerOptions time = calls;
  time.window = resilience::WindowKind::kTime;
  resilience::BreakerOptions all = time;
  all.slow_rate = 0.5;
  all.slow_call_ns = 1'000'000'000;
  auto bulkhead = Made(Bulkhead::Create({}));
  std::vector<Subject> subjects;
  auto add = [&subjects](std::string name, double target_ns, std::function<void(uint32_t)> run) {
    subjects.push_back({std::move(name), target_ns, std::move(run)});
  };
  add("clock", 0, [](uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      int64_t now_ns = Clock::System()->MonotonicNs();
      asm volatile("" : : "r"(now_ns));
    }
  });
  add("mutex", 0, [mutex = std::make_shared<std::mutex>()](uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) std::lock_guard<std::mutex> lock(*mutex);
  });
  add("breaker_consecutive", 40, BreakerCalls({}));
  add("breaker_call_window", 40, BreakerCalls(calls));
  add("breaker_time_window", 40, BreakerCalls(time));
  add("breaker_time_window_and_slow_calls", 0, BreakerCalls(all));
  add("breaker_open", 0, RefusedCalls());
  add("retry", 10, RetryCalls());
  add("bulkhead", 0, [bulkhead](uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      if (bulkhead->Enter().ok()) bulkhead->Leave();
    }
  });
  add("pipeline_of_five", 150, PipelineCalls());
  return subjects;
}

void MeasureCosts(uint32_t rounds) {
  std::vector<Subject> subjects = Subjects();
  MeasureAll(&subjects, rounds);
  double clock_ns = subjects[0].best_ns;
  for (const Subject& subject : subjects) {
    JsonLine line;
    line.Text("phase", "cost").Text("subject", subject.name).Number("ns", subject.best_ns, 1);
    line.Number("clock_reads_worth", subject.best_ns / clock_ns, 2);
    line.Number("allocations_per_call", static_cast<double>(subject.allocations) / kBatchCalls, 4);
    if (subject.target_ns > 0) {
      line.Number("target_ns", subject.target_ns, 0);
      line.Flag("reached", subject.best_ns <= subject.target_ns && subject.allocations == 0);
    }
    line.Print();
  }
}

}  // namespace

void RunResilience(const std::vector<std::string>& given) {
  Arguments arguments(given, {"part", "rounds", "callers", "items", "delay-ms"}, {});
  std::string part = arguments.Choice("part", {"all", "cost", "batcher"});
  if (part != "batcher") MeasureCosts(arguments.Count("rounds", 200));
  if (part == "cost") return;
  BatchingLoad load;
  load.callers = arguments.Count("callers", 64);
  load.items = arguments.Count("items", 4000);
  load.delay_ms = arguments.Count("delay-ms", 25);
  MeasureBatching(load);
}

}  // namespace cairn::bench
