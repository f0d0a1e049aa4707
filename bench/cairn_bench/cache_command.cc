#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "cache/cache.h"
#include "cairn_bench/arguments.h"
#include "cairn_bench/cache_peers.h"
#include "cairn_bench/cache_policies.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

constexpr uint64_t kSeed = 20260101;

void RunTrace(const Arguments& arguments) {
  const std::string path = arguments.Required("trace");
  const size_t capacity = arguments.Count("capacity", 1000);
  const std::string policy = arguments.Choice("policy", {"cairn", "lru", "s3fifo", "tinylfu"});
  const std::vector<uint64_t> keys = ReadTrace(path);
  const std::unique_ptr<KeyCache> cache = MakeKeyCache(policy, capacity);
  const Stopwatch watch;
  uint64_t hits = 0;
  for (uint64_t key : keys) hits += cache->Access(key) ? 1 : 0;
  const double seconds = watch.Seconds();
  JsonLine()
      .Text("phase", "trace")
      .Text("policy", policy)
      .Count("capacity", capacity)
      .Count("requests", keys.size())
      .Count("hits", hits)
      .Number("hit_ratio", static_cast<double>(hits) / static_cast<double>(keys.size()), 6)
      .Number("ns_per_request", seconds * 1e9 / static_cast<double>(keys.size()), 1)
      .Print();
}

/// Keys in the order of their use, with the popularity of Zipf's law.
class ZipfKeys {
 public:
  ZipfKeys(uint64_t count, double exponent, size_t length, uint64_t seed) {
    std::vector<double> sums(count);
    double sum = 0;
    for (uint64_t i = 0; i < count; ++i) {
      sum += 1 / std::pow(static_cast<double>(i + 1), exponent);
      sums[i] = sum;
    }
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> point(0, sum);
    sequence_.reserve(length);
    for (size_t i = 0; i < length; ++i) {
      const auto at = std::lower_bound(sums.begin(), sums.end(), point(random));
      sequence_.push_back(static_cast<uint64_t>(at - sums.begin()));
    }
  }
  const std::vector<uint64_t>& sequence() const { return sequence_; }

 private:
  std::vector<uint64_t> sequence_;
};

struct Key {
  explicit Key(uint64_t number) {
    const uint64_t words[2] = {number * 0x9E3779B97F4A7C15u, number};
    std::memcpy(bytes, words, sizeof bytes);
  }
  std::string_view view() const { return {bytes, sizeof bytes}; }
  char bytes[16];
};

struct Pass {
  double ns = 0;  ///< per operation of one thread
  double per_s = 0;
  double hit_ratio = 0;
};

/// Every thread goes through its own part of the sequence once.
Pass RunPass(LoadedCache* cache, const std::vector<uint64_t>& sequence, size_t threads, bool fill,
             std::string_view value) {
  std::atomic<size_t> ready{0};
  std::atomic<bool> go{false};
  std::atomic<uint64_t> hits{0};
  std::vector<double> seconds(threads);
  const size_t share = sequence.size() / threads;
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      ready.fetch_add(1);
      while (!go.load()) std::this_thread::yield();
      uint64_t mine = 0;
      const Stopwatch watch;
      for (size_t i = t * share; i < (t + 1) * share; ++i) {
        const Key key(sequence[i]);
        if (cache->Get(key.view())) {
          ++mine;
        } else if (fill) {
          cache->Set(key.view(), value);
        }
      }
      seconds[t] = watch.Seconds();
      hits.fetch_add(mine);
    });
  }
  while (ready.load() < threads) std::this_thread::yield();
  go.store(true);
  for (std::thread& worker : workers) worker.join();
  const double slowest = *std::max_element(seconds.begin(), seconds.end());
  const auto operations = static_cast<double>(share * threads);
  return {slowest * 1e9 / static_cast<double>(share), operations / slowest,
          static_cast<double>(hits.load()) / operations};
}

void RunThroughput(const Arguments& arguments) {
  const uint64_t entries = arguments.Count("entries", 16384);
  const size_t threads = arguments.Count("threads", 1);
  const uint64_t value_bytes = arguments.Count("value-bytes", 64);
  const uint64_t keys = arguments.Count("keys", static_cast<uint32_t>(entries));
  const uint32_t rounds = arguments.Count("repeat", 5);
  const double exponent = std::stod(arguments.Get("zipf", "0.99"));
  const bool fill = keys > entries;
  const size_t length = arguments.Count("operations", 2'000'000);
  const std::string value(value_bytes, 'x');
  // With room to spare where all keys are to be hits: shards do not fill evenly.
  const uint64_t capacity = fill ? entries : entries * 2;
  auto caches = MakeLoadedCaches(arguments, capacity, value_bytes);
  if (fill) std::erase_if(caches, [](const auto& cache) { return cache->name() == "tbb"; });
  const ZipfKeys order(keys, exponent, length, kSeed);
  for (const auto& cache : caches) {
    for (uint64_t i = 0; i < entries; ++i) cache->Set(Key(i).view(), value);
    RunPass(cache.get(), order.sequence(), 1, fill, value);
  }
  std::vector<Pass> best(caches.size());
  for (uint32_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < caches.size(); ++i) {
      const Pass pass = RunPass(caches[i].get(), order.sequence(), threads, fill, value);
      if (best[i].ns == 0 || pass.ns < best[i].ns) best[i] = pass;
    }
  }
  for (size_t i = 0; i < caches.size(); ++i) {
    JsonLine()
        .Text("phase", fill ? "get_fill" : "get")
        .Text("cache", caches[i]->name())
        .Count("entries", entries)
        .Count("keys", keys)
        .Count("threads", threads)
        .Count("value_bytes", value_bytes)
        .Number("ns_per_operation", best[i].ns, 2)
        .Number("operations_per_s", best[i].per_s, 0)
        .Number("hit_ratio", best[i].hit_ratio, 4)
        .Number("ratio", best[0].ns / best[i].ns, 3)
        .Print();
  }
}

/// Writers with values of 1 byte to 1 MB, a watcher that reads what is in use.
void RunBytesBound(const Arguments& arguments) {
  const size_t threads = arguments.Count("threads", 8);
  const uint64_t bound = uint64_t{arguments.Count("megabytes", 64)} << 20;
  const uint64_t operations = arguments.Count("operations", 20'000);
  cache::CacheOptions options;
  options.max_bytes = bound;
  auto made = cache::Cache::Create(std::move(options));
  if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
  cache::Cache* cache = made->get();
  std::atomic<size_t> running{threads};
  std::atomic<uint64_t> refused{0};
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      std::mt19937_64 random(kSeed + t);
      const std::string value(1 << 20, 'x');
      for (uint64_t i = 0; i < operations; ++i) {
        const size_t size = size_t{1} << (random() % 21);
        const std::string key = std::to_string(random() % 5000);
        const Status stored = cache->Set(cache->default_space(), key, {value.data(), size});
        if (!stored.ok()) refused.fetch_add(1);
      }
      running.fetch_sub(1);
    });
  }
  uint64_t most = 0;
  uint64_t looks = 0;
  while (running.load() > 0) {
    most = std::max(most, cache->bytes());
    ++looks;
  }
  for (std::thread& worker : workers) worker.join();
  JsonLine()
      .Text("phase", "bytes_bound")
      .Count("threads", threads)
      .Count("bound_bytes", bound)
      .Count("most_bytes", most)
      .Count("overshoot_bytes", most > bound ? most - bound : 0)
      .Count("looks", looks)
      .Count("sets", threads * operations)
      .Count("refused", refused.load())
      .Print();
}

}  // namespace

void RunCache(const std::vector<std::string>& given) {
  const Arguments arguments(given,
                            {"trace", "capacity", "policy", "entries", "keys", "threads", "zipf",
                             "value-bytes", "peers", "repeat", "operations", "megabytes"},
                            {"throughput", "bytes-bound"});
  if (arguments.Has("trace")) return RunTrace(arguments);
  if (arguments.Has("throughput")) return RunThroughput(arguments);
  if (arguments.Has("bytes-bound")) return RunBytesBound(arguments);
  throw UsageError("one of --trace, --throughput and --bytes-bound is missing");
}

}  // namespace cairn::bench
