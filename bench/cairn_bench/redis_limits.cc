#include "cairn_bench/redis_limits.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "cairn_bench/arguments.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/metrics.h"
#include "cairn_bench/redis_load.h"
#include "cairn_bench/redis_outage.h"
#include "limiter/redis_store.h"
#include "net/redis_client.h"
#include "support/redis_server.h"

namespace cairn::bench {
namespace {

struct Options {
  std::string url;  ///< empty = a redis-server of its own
  std::string algorithm;
  uint32_t keys = 0;     ///< chosen evenly
  uint32_t threads = 0;  ///< that wait for an answer each, at the same time
  uint32_t batch = 0;    ///< decisions of a pipeline
  uint32_t rounds = 0;   ///< each figure is the best of
  uint32_t seconds = 0;  ///< of each measurement
  std::string phase;     ///< empty = all
};

/// The client, the store and the keys that are asked about.
class Subject {
 public:
  Subject(const Options& options, const net::RedisOptions& client_options)
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
  const std::string& Key(uint64_t* random) const {
    return keys_[NextRandom(random) % keys_.size()];
  }

  const Options& options_;
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

void MeasureRates(const Options& options, Subject* subject) {
  Measurement measurements[] = {{"one", 1, [&] { return subject->Decide(); }, {}},
                                {"many", options.threads, [&] { return subject->Decide(); }, {}},
                                {"pipelined", 2, [&] { return subject->DecideBatch(); }, {}},
                                {"get_one", 1, [&] { return subject->Get(); }, {}},
                                {"get_many", options.threads, [&] { return subject->Get(); }, {}}};
  for (uint32_t round = 0; round < options.rounds; ++round) {
    for (Measurement& measurement : measurements) {
      if (!options.phase.empty() && options.phase != measurement.phase) continue;
      Load load = RunThreads(measurement.threads, options.seconds, measurement.make_step);
      if (load.per_second > measurement.best.per_second) measurement.best = std::move(load);
    }
  }
  for (const Measurement& measurement : measurements) {
    if (measurement.best.latencies.empty()) continue;
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

void RunRedisLimits(const std::vector<std::string>& given) {
  const Arguments arguments(given,
                            {"algorithm", "keys", "threads", "batch", "rounds", "seconds",
                             "redis-url", "outage", "phase"},
                            {"redis"});
  Options options;
  options.url = arguments.Get("redis-url", "");
  options.algorithm = arguments.Choice("algorithm", {"gcra", "fixed", "sliding"});
  options.keys = arguments.Count("keys", 1000);
  options.threads = arguments.Count("threads", 16);
  options.batch = arguments.Count("batch", 32);
  options.rounds = arguments.Count("rounds", 3);
  options.seconds = arguments.Count("seconds", 1);
  options.phase = arguments.Get("phase", "");

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
  if (arguments.Has("outage")) {
    if (server == nullptr) throw UsageError("--outage kills the server: not one given by a URL");
    MeasureRedisOutage(arguments.Count("outage", 10), server.get());
    return;
  }
  client_options.max_connections = options.threads;
  Subject subject(options, client_options);
  MeasureRates(options, &subject);
}

}  // namespace cairn::bench
