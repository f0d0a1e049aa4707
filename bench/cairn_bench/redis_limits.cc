#include "cairn_bench/redis_limits.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/metrics.h"
#include "limiter/redis_store.h"
#include "net/redis_client.h"
#include "support/redis_server.h"

namespace cairn::bench {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr size_t kMaxSamples = 200'000;  // of each thread

template <typename T>
T OrThrow(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(std::string(result.status().message()));
  return std::move(result).value();
}

void OrThrow(const Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

/// What some threads did together.
struct Load {
  double per_second = 0;
  std::vector<double> latencies;  ///< seconds
};

/// One step of a thread; returns how many operations it was.
using Step = std::function<size_t(uint64_t* random)>;

uint64_t Next(uint64_t* random) {
  *random = *random * 6364136223846793005U + 1442695040888963407U;
  return *random >> 33;
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

/// The client, the store and the keys that are asked about.
class Subject {
 public:
  Subject(const RedisLimitsOptions& options, const net::RedisOptions& client_options)
      : options_(options),
        client_(OrThrow(net::RedisClient::Create(client_options))),
        store_(client_) {
    limiter::Rule rule{"bench", limiter::Algorithm::kGcra, 1'000'000, 60 * kSecondNs, 0, 0};
    if (options.algorithm == "fixed") rule.algorithm = limiter::Algorithm::kFixedWindow;
    if (options.algorithm == "sliding") rule.algorithm = limiter::Algorithm::kSlidingWindow;
    policy_ = {.name = "bench", .rules = {rule}};
    for (uint32_t i = 0; i < options.keys; ++i) keys_.push_back(StrCat("client-", i));
    OrThrow(client_->Call({"PING"}));
  }

  Step Decide() {
    return [this](uint64_t* random) {
      OrThrow(store_.Decide({&policy_, Key(random)}, kSecondNs));
      return size_t{1};
    };
  }
  Step DecideBatch() {
    return [this, calls = std::vector<limiter::StoreCall>(options_.batch),
            decisions = std::vector<limiter::Decision>(options_.batch)](uint64_t* random) mutable {
      for (auto& call : calls) call = {&policy_, Key(random)};
      OrThrow(store_.DecideMany(calls, decisions, kSecondNs));
      return calls.size();
    };
  }
  Step Get() {
    return [this](uint64_t* random) {
      OrThrow(client_->Call({"GET", Key(random)}));
      return size_t{1};
    };
  }

 private:
  const std::string& Key(uint64_t* random) const { return keys_[Next(random) % keys_.size()]; }

  const RedisLimitsOptions& options_;
  std::shared_ptr<net::RedisClient> client_;
  limiter::RedisStore store_;
  limiter::Policy policy_;
  std::vector<std::string> keys_;
};

struct Measurement {
  const char* phase;
  uint32_t threads;
  std::function<Step()> make_step;
  Load best;
};

void MeasureRates(const RedisLimitsOptions& options, Subject* subject) {
  Measurement measurements[] = {{"one", 1, [&] { return subject->Decide(); }, {}},
                                {"many", options.threads, [&] { return subject->Decide(); }, {}},
                                {"pipelined", 2, [&] { return subject->DecideBatch(); }, {}},
                                {"get_one", 1, [&] { return subject->Get(); }, {}},
                                {"get_many", options.threads, [&] { return subject->Get(); }, {}}};
  for (uint32_t round = 0; round < options.rounds; ++round) {
    for (Measurement& measurement : measurements) {
      Load load = RunThreads(measurement.threads, options.seconds, measurement.make_step);
      if (load.per_second > measurement.best.per_second) measurement.best = std::move(load);
    }
  }
  for (const Measurement& measurement : measurements) {
    JsonLine line;
    line.Text("phase", measurement.phase).Count("threads", measurement.threads);
    if (std::string_view(measurement.phase) == "pipelined") line.Count("batch", options.batch);
    line.Number("per_second", measurement.best.per_second, 0)
        .Number("p50_us", Percentile(measurement.best.latencies, 50) * 1e6, 1)
        .Number("p99_us", Percentile(measurement.best.latencies, 99) * 1e6, 1)
        .Print();
  }
}

}  // namespace

void MeasureRedisLimits(const RedisLimitsOptions& options) {
  net::RedisOptions client_options;
  std::unique_ptr<test::RedisServer> server;
  if (options.url.empty()) {
    const std::string why_not = test::RedisServer::WhyNot();
    if (!why_not.empty()) throw std::runtime_error(why_not);
    server = std::make_unique<test::RedisServer>();
    client_options = server->ClientOptions();
  } else {
    client_options.endpoint = OrThrow(net::ParseRedisUrl(options.url));
    client_options.command_timeout_ns = kSecondNs;
  }
  client_options.max_connections = options.threads;
  Subject subject(options, client_options);
  MeasureRates(options, &subject);
}

}  // namespace cairn::bench
