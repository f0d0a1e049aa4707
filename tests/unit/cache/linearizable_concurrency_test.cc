#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

/// One call on one key. Values are unique, so a get tells which set it saw; 0 is a miss.
struct Call {
  enum Kind { kGet, kSet, kDelete } kind = kGet;
  uint64_t value = 0;
  uint64_t began = 0;
  uint64_t ended = 0;
  bool done = false;
};

/// Whether some order of the calls, in which none comes before one that ended before it began,
/// explains every get by the last set or delete before it. Depth first, with the states that were
/// tried remembered (Wing and Gong 1993, with Lowe's memory). A bump is a delete of every key.
class Checker {
 public:
  explicit Checker(std::vector<Call> calls) : calls_(std::move(calls)) {
    std::sort(calls_.begin(), calls_.end(),
              [](const Call& a, const Call& b) { return a.began < b.began; });
  }
  bool Explains() { return Search(0, 0); }

 private:
  bool Search(size_t count, uint64_t value) {
    if (count == calls_.size()) return true;
    std::vector<bool> done;
    for (const Call& call : calls_) done.push_back(call.done);
    if (!tried_.insert({done, value}).second) return false;
    uint64_t first_end = UINT64_MAX;
    for (const Call& call : calls_) {
      if (!call.done) first_end = std::min(first_end, call.ended);
    }
    for (Call& call : calls_) {
      if (call.done) continue;
      if (call.began > first_end) break;
      if (call.kind == Call::kGet && call.value != value) continue;
      call.done = true;
      const uint64_t next = call.kind == Call::kGet   ? value
                            : call.kind == Call::kSet ? call.value
                                                      : 0;
      if (Search(count + 1, next)) return true;
      call.done = false;
    }
    return false;
  }

  std::vector<Call> calls_;
  std::set<std::pair<std::vector<bool>, uint64_t>> tried_;
};

TEST(LinearizableChecker, FindsAnImpossibleHistory) {
  // A get after a delete sees what was set before it.
  EXPECT_FALSE(
      Checker({{Call::kSet, 1, 1, 2}, {Call::kDelete, 0, 3, 4}, {Call::kGet, 1, 5, 6}}).Explains());
  EXPECT_TRUE(
      Checker({{Call::kSet, 1, 1, 2}, {Call::kDelete, 0, 3, 6}, {Call::kGet, 1, 4, 5}}).Explains());
  EXPECT_FALSE(Checker({{Call::kGet, 1, 1, 2}, {Call::kSet, 1, 3, 4}}).Explains());
}

TEST(LinearizableConcurrency, GetSetDeleteBumpUnderEightThreads) {
  constexpr size_t kThreads = 8;
  constexpr size_t kKeys = 3;
  constexpr int kRounds = 150;
  constexpr int kCallsPerThread = 5;
  const uint32_t seed = 11;
  SCOPED_TRACE(seed);
  CacheOptions options;
  options.max_entries = 1000;  // nothing is evicted, so a miss has to be explained as well
  options.shard_count = 2;
  auto cache = std::move(Cache::Create(options)).value();
  Space* space = cache->default_space();
  for (int round = 0; round < kRounds; ++round) {
    cache->Clear(space);
    std::atomic<uint64_t> time{1};
    std::atomic<uint64_t> next_value{1};
    std::atomic<size_t> ready{0};
    std::vector<std::vector<Call>> calls[kKeys];
    for (auto& of_key : calls) of_key.resize(kThreads);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(seed * 1000003u + static_cast<uint64_t>(round) * 131 + t);
        ready.fetch_add(1);
        while (ready.load() < kThreads) std::this_thread::yield();
        for (int i = 0; i < kCallsPerThread; ++i) {
          const size_t key_number = random() % kKeys;
          const std::string key(1, static_cast<char>('a' + key_number));
          const auto what = random() % 100;
          Call call;
          if (what < 50) {
            call.began = time.fetch_add(1);
            if (const Handle handle = cache->Get(space, key)) {
              call.value = std::stoull(std::string(handle.value()));
            }
          } else if (what < 80) {
            call.kind = Call::kSet;
            call.value = next_value.fetch_add(1);
            const std::string value = std::to_string(call.value);
            call.began = time.fetch_add(1);
            ASSERT_TRUE(cache->Set(space, key, value).ok());
          } else {
            call.kind = Call::kDelete;
            call.began = time.fetch_add(1);
            if (what < 92) {
              cache->Delete(space, key);
            } else {
              cache->Bump(space);
            }
          }
          call.ended = time.fetch_add(1);
          if (what >= 92) {
            for (auto& of_key : calls) of_key[t].push_back(call);
          } else {
            calls[key_number][t].push_back(call);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (auto& of_key : calls) {
      std::vector<Call> history;
      for (auto& of_thread : of_key) {
        history.insert(history.end(), of_thread.begin(), of_thread.end());
      }
      ASSERT_TRUE(Checker(history).Explains()) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace cairn::cache
