#include <stdexcept>
#include <thread>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

class LoadTest : public CacheFixture {
 protected:
  Loader Counting(const std::string& value) {
    return [this, value](Loaded* out) {
      ++loads_;
      out->value = value;
      return OkStatus();
    };
  }
  std::string Load(const std::string& key, const Loader& loader, const LoadOptions& options = {}) {
    LoadResult result;
    const Status status = cache().GetOrLoad(space(), key, loader, options, &result);
    if (!status.ok()) return std::string("!") + std::string(CodeName(status.code()));
    return std::string(result.value()) + (result.stale ? " (stale)" : "") +
           (result.negative ? " (nothing)" : "");
  }
  Loader Failing() {
    return [this](Loaded*) {
      ++loads_;
      return Error(Code::kUnavailable, "down");
    };
  }
  int loads_ = 0;
};

TEST_F(LoadTest, AFailureIsToldAndNotKept) {
  EXPECT_EQ(Load("a", Failing()), "!unavailable");
  EXPECT_EQ(Load("a", [](Loaded*) -> Status { throw std::runtime_error("boom"); }), "!internal");
  EXPECT_EQ(Load("a", Counting("1")), "1");
  EXPECT_EQ(cache().Stats(space()).load_failures, 2u);
}

TEST_F(LoadTest, LoadsOnce) {
  EXPECT_EQ(Load("a", Counting("1")), "1");
  EXPECT_EQ(Load("a", Counting("2")), "1");
  EXPECT_EQ(loads_, 1);
}

TEST_F(LoadTest, NothingIsRememberedForAWhile) {
  LoadOptions options;
  options.negative_ttl_ns = kSecond;
  const Loader nothing = [this](Loaded* out) {
    ++loads_;
    out->negative = true;
    return OkStatus();
  };
  EXPECT_EQ(Load("a", nothing, options), " (nothing)");
  EXPECT_EQ(Load("a", nothing, options), " (nothing)");
  EXPECT_EQ(loads_, 1);
  clock_.Advance(kSecond);
  EXPECT_EQ(Load("a", nothing, options), " (nothing)");
  EXPECT_EQ(loads_, 2);
}

TEST_F(LoadTest, ALoaderThatAsksForItsOwnKeyIsTold) {
  std::string inner;
  const Loader loader = [&](Loaded* out) {
    inner = Load("a", Counting("x"));
    out->value = Load("b", Counting("other"));
    return OkStatus();
  };
  EXPECT_EQ(Load("a", loader), "other");
  EXPECT_EQ(inner, "!failed_precondition");
}

TEST_F(LoadTest, WhatWasChangedMeanwhileIsNotOverwritten) {
  EXPECT_EQ(Load("a",
                 [&](Loaded* out) {
                   out->value = "old";
                   Set("a", "new");
                   return OkStatus();
                 }),
            "old");
  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(Load("b",
                 [&](Loaded* out) {
                   out->value = "old";
                   cache().Delete(space(), "b");
                   return OkStatus();
                 }),
            "old");
  EXPECT_EQ(Get("b"), "-");
  for (const bool bump : {true, false}) {
    EXPECT_EQ(Load("c",
                   [&](Loaded* out) {
                     out->value = "old";
                     if (bump) {
                       cache().Bump(space());
                     } else {
                       cache().DeletePrefix(space(), "c");
                     }
                     return OkStatus();
                   }),
              "old");
    EXPECT_EQ(Get("c"), "-");
  }
}

TEST_F(LoadTest, StaleWhileRevalidateAndOnError) {
  LoadOptions options;
  options.store.ttl_ns = kSecond;
  options.store.stale_ns = 10 * kSecond;
  EXPECT_EQ(Load("a", Counting("1"), options), "1");
  clock_.Advance(2 * kSecond);
  options.stale_on_error = true;
  EXPECT_EQ(Load("a", Failing(), options), "1 (stale)");
  options.stale_on_error = false;
  EXPECT_EQ(Load("a", Failing(), options), "!unavailable");
  options.stale_while_revalidate = true;
  EXPECT_EQ(Load("a", Failing(), options), "1 (stale)");
  EXPECT_EQ(Load("a", Counting("2"), options), "2");
  EXPECT_EQ(Load("a", Counting("3"), options), "2");
  clock_.Advance(20 * kSecond);
  EXPECT_EQ(Load("a", Failing(), options), "!unavailable");
}

TEST_F(LoadTest, RefreshesInThePoolAndGivesTheOldValueMeanwhile) {
  ThreadPool pool(1);
  options_.pool = &pool;
  LoadOptions options;
  options.store.ttl_ns = 10 * kSecond;
  options.refresh_ahead_ns = 2 * kSecond;
  EXPECT_EQ(Load("a", Counting("1"), options), "1");
  clock_.Advance(9 * kSecond);
  EXPECT_EQ(Load("a", Counting("2"), options), "1");
  cache().Flush();
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(loads_, 2);
  clock_.Advance(9 * kSecond);
  EXPECT_EQ(Load("a", Failing(), options), "2");
  cache().Flush();
  EXPECT_EQ(Get("a"), "2") << "a failed refresh leaves the value";
  cache_.reset();
}

TEST_F(LoadTest, AValueThatCannotBeStoredIsGivenAllTheSame) {
  options_.max_entries = 0;
  options_.max_bytes = 1 << 20;
  EXPECT_EQ(Load("a", Counting(std::string(900'000, 'x'))).size(), 900'000u);
  EXPECT_EQ(Get("a"), "-");
}

TEST_F(LoadTest, ALoaderThatNeverReturnsIsBounded) {
  Mutex mutex;
  CondVar wake;
  bool stop = false;
  std::atomic<int> stuck{0};
  const Loader hangs = [&](Loaded* out) {
    ++stuck;
    MutexLock lock(mutex);
    while (!stop) wake.Wait(mutex);
    out->value = "late";
    return OkStatus();
  };
  LoadOptions options;
  options.load_limit_ns = 1 * kMs;
  std::vector<std::thread> callers;
  for (uint32_t i = 1; i <= Flights::kMostLost; ++i) {
    callers.emplace_back([&] { Load("a", hangs, options); });
    while (stuck.load() < static_cast<int>(i)) std::this_thread::yield();
    EXPECT_EQ(Load("a", hangs, options), "!timed_out");
  }
  EXPECT_EQ(Load("a", hangs, options), "!unavailable");
  {
    MutexLock lock(mutex);
    stop = true;
  }
  wake.SignalAll();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(Get("a"), "-") << "a lost load is not kept";
  EXPECT_EQ(Load("a",
                 [](Loaded* out) {
                   out->value = "new";
                   return OkStatus();
                 }),
            "new");
}

}  // namespace
}  // namespace cairn::cache
