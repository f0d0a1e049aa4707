#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "resilience/bulkhead.h"
#include "resilience/retry_budget.h"
#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

constexpr int kThreads = 32;

/// Runs body(thread number) in many threads at once.
template <typename Body>
void InThreads(int count, Body body) {
  std::atomic<int> missing{count};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      missing.fetch_sub(1);
      while (missing.load() > 0) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CircuitBreakerConcurrencyTest, HalfOpenAdmitsExactlyItsTrials) {
  for (uint32_t trials : {1u, 3u, 10u}) {
    BreakerOptions options;
    options.half_open_trials = trials;
    options.open_growth = 1;
    TestBreaker breaker(options);
    breaker.Fail(5);
    for (int round = 0; round < 20; ++round) {
      breaker.clock.Advance(60 * kSecond);
      std::atomic<uint32_t> admitted{0};
      BreakerPermit last;
      InThreads(kThreads, [&](int) {
        for (int i = 0; i < 50; ++i) {
          BreakerAdmission admission = breaker->Acquire();
          if (!admission.admitted) continue;
          if (admitted.fetch_add(1) == 0) last = admission.permit;
        }
      });
      ASSERT_EQ(admitted.load(), trials) << "round " << round;
      breaker->Record(last, Code::kUnavailable);
      ASSERT_EQ(breaker->state(), BreakerState::kOpen);
    }
  }
}

TEST(CircuitBreakerConcurrencyTest, LostPermitsNeverMakeItStick) {
  BreakerOptions options;
  options.trial_lease_ns = kSecond;
  options.half_open_ns = 4 * kSecond;
  options.open_ns = kSecond;
  options.open_growth = 1;
  TestBreaker breaker(options);
  breaker.Fail(5);
  std::atomic<uint32_t> under_way{0};
  InThreads(kThreads, [&](int thread) {
    std::mt19937_64 random(static_cast<uint64_t>(thread));
    for (int i = 0; i < 300; ++i) {
      BreakerAdmission admission = breaker->Acquire();
      if (admission.admitted) {
        under_way.fetch_add(1);
        if (random() % 3 != 0) breaker->Record(admission.permit, Code::kUnavailable);
      }
      if (random() % 8 == 0) breaker.clock.Advance(kSecond / 4);
    }
  });
  EXPECT_GT(under_way.load(), 0u);
  // The target is well again: it closes within the time that the settings allow.
  for (int i = 0; i < 20 && breaker->state() != BreakerState::kClosed; ++i) {
    breaker.clock.Advance(kSecond);
    breaker.Call();
    breaker.Call();
    breaker.Call();
  }
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST(CircuitBreakerConcurrencyTest, EveryResultIsCountedOnceAndTheWindowHoldsItsSize) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  options.failure_rate = 1;
  options.window_calls = 1000;
  options.minimum_calls = 1000;
  for (WindowKind kind : {WindowKind::kCalls, WindowKind::kTime}) {
    options.window = kind;
    TestBreaker breaker(options);
    constexpr int kCalls = 4000;
    InThreads(8, [&](int thread) {
      for (int i = 0; i < kCalls; ++i) {
        BreakerAdmission admission = breaker->Acquire();
        ASSERT_TRUE(admission.admitted);
        breaker->Record(admission.permit, (thread + i) % 4 == 0 ? Code::kTimedOut : Code::kOk);
      }
    });
    BreakerStats stats = breaker->Stats();
    EXPECT_EQ(stats.successes, 8 * kCalls * 3 / 4u);
    EXPECT_EQ(stats.failures, 8 * kCalls / 4u);
    if (kind == WindowKind::kCalls) {
      EXPECT_EQ(stats.window.calls, 1000u);
      EXPECT_LT(stats.window.failures, 1000u);
      for (int i = 0; i < 1000; ++i) EXPECT_TRUE(breaker.Call());
      EXPECT_EQ(breaker->Stats().window.failures, 0u) << "the sums and the ring came apart";
    } else {
      EXPECT_EQ(stats.window.calls, 8u * kCalls);
      EXPECT_EQ(stats.window.failures, 8 * kCalls / 4u);
    }
  }
}

TEST(CircuitBreakerConcurrencyTest, ListenersHearEveryGenerationOnceAndInOrder) {
  BreakerOptions options;
  options.consecutive_failures = 1;
  options.half_open_trials = 1;
  options.open_ns = 1;
  options.max_open_ns = 1;
  TestBreaker breaker(options);
  std::vector<uint32_t> generations;  // written by one listener call at a time
  breaker->AddListener([&](const BreakerEvent& event) { generations.push_back(event.generation); });
  InThreads(8, [&](int thread) {
    for (int i = 0; i < 300; ++i) {
      BreakerAdmission admission = breaker->Acquire();
      if (admission.admitted) {
        breaker->Record(admission.permit, i % 3 == 0 ? Code::kUnavailable : Code::kOk);
      }
      breaker.clock.Advance(1);
      if (i % 50 == thread) breaker->Reset();
    }
  });
  ASSERT_GT(generations.size(), 100u);
  for (size_t i = 0; i < generations.size(); ++i) EXPECT_EQ(generations[i], i + 2);
}

TEST(BulkheadConcurrencyTest, NeverLetsInTooManyAndLosesNoPlace) {
  auto made = Bulkhead::Create({"target", 3, 64, INT64_MAX});
  ASSERT_TRUE(made.ok());
  Bulkhead& bulkhead = **made;
  std::atomic<int> inside{0};
  std::atomic<int> served{0};
  InThreads(16, [&](int thread) {
    for (int i = 0; i < 500; ++i) {
      // Some give up at once: a deadline that has passed unless a place is free.
      bool hasty = (thread + i) % 3 == 0;
      if (!bulkhead.Enter(hasty ? Deadline(1) : Deadline()).ok()) continue;
      EXPECT_LE(inside.fetch_add(1), 2);
      served.fetch_add(1);
      inside.fetch_sub(1);
      bulkhead.Leave();
    }
  });
  EXPECT_EQ(bulkhead.Stats().running, 0u);
  EXPECT_EQ(bulkhead.Stats().waiting, 0u);
  EXPECT_EQ(bulkhead.Stats().admitted, static_cast<uint64_t>(served.load()));
  EXPECT_GE(served.load(), 16 * 500 * 2 / 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bulkhead.TryEnter());
}

TEST(RetryBudgetConcurrencyTest, GivesOutExactlyWhatItHolds) {
  auto made = RetryBudget::Create({1, 0, 1000});
  ASSERT_TRUE(made.ok());
  std::atomic<int> granted{0};
  InThreads(8, [&](int) {
    for (int i = 0; i < 500; ++i) granted.fetch_add((*made)->Withdraw(0) ? 1 : 0);
  });
  EXPECT_EQ(granted.load(), 1000);
}

}  // namespace
}  // namespace cairn::resilience
