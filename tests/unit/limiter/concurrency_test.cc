// Mistake 10: no lock. Many threads hammer the same and different keys, and every algorithm admits
// exactly what it may.
#include <atomic>
#include <barrier>
#include <thread>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr uint64_t kRequests = 60'000;
#else
constexpr uint64_t kRequests = 1'000'000;
#endif

void RunThreads(int count, const std::function<void(int thread)>& body) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct Case {
  Algorithm algorithm;
  int threads;
};

class HammerTest : public ::testing::TestWithParam<Case> {};

TEST_P(HammerTest, OneKeyPassesExactlyTheLimit) {
  const auto [algorithm, threads] = GetParam();
  constexpr uint64_t kLimit = 10'000;
  OnePolicy one(MakePolicy({MakeRule(algorithm, kLimit, kHour)}));
  std::atomic<uint64_t> passed{0};
  RunThreads(threads, [&](int) {
    uint64_t mine = 0;
    for (uint64_t i = 0; i < kRequests / threads; ++i) mine += one.Check().allowed() ? 1 : 0;
    passed += mine;
  });
  EXPECT_EQ(passed.load(), kLimit);
  const Tallies::Totals totals = one.limiter->StatsOf(one.id).totals;
  EXPECT_EQ(totals.allowed, kLimit);
  EXPECT_EQ(totals.allowed + totals.refused[0], kRequests / threads * threads);
}

/// The clock runs meanwhile: exactly the limit, and exactly what was refilled.
TEST_P(HammerTest, OneKeyPassesExactlyTheRefillToo) {
  const auto [algorithm, threads] = GetParam();
  if (algorithm == Algorithm::kConcurrency) return;  // permits are not refilled
  constexpr uint64_t kLimit = 1000;
  constexpr int64_t kWindow = 1'000'000;
  constexpr int64_t kWindows = 6;
  OnePolicy one(MakePolicy({MakeRule(algorithm, kLimit, kWindow)}));
  const int64_t start = one.clock.MonotonicNs();
  one.Peek();
  std::atomic<uint64_t> passed{0};
  // Every moment is asked often enough to be used up before the clock goes on.
  std::barrier moment(threads, [&]() noexcept { one.clock.Advance(kWindow / 100); });
  RunThreads(threads, [&](int) {
    for (int step = 0; step < kWindows * 100; ++step) {
      const uint64_t tries = (step == 0 || algorithm != Algorithm::kGcra ? kLimit + 20 : 20);
      for (uint64_t i = 0; i < tries / (algorithm == Algorithm::kGcra ? 1 : 50); ++i) {
        passed += one.Check().allowed() ? 1 : 0;
      }
      moment.arrive_and_wait();
    }
  });
  const int64_t last = one.clock.MonotonicNs() - kWindow / 100 - start;
  EXPECT_EQ(last, kWindow * kWindows - kWindow / 100);
  const uint64_t refill = kLimit * static_cast<uint64_t>(last) / kWindow;
  if (algorithm == Algorithm::kGcra) {
    EXPECT_EQ(passed.load(), kLimit + refill);
  }
  if (algorithm == Algorithm::kFixedWindow) {
    EXPECT_EQ(passed.load(), kLimit * kWindows);
  }
  // 17 of 16 slices long for whom it refuses.
  if (algorithm == Algorithm::kSlidingWindow) {
    EXPECT_LE(passed.load(), kLimit * kWindows);
    EXPECT_GE(passed.load(), kLimit * (kWindows - 2) * 16 / 17);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, HammerTest,
    ::testing::Values(Case{Algorithm::kGcra, 2}, Case{Algorithm::kGcra, 8},
                      Case{Algorithm::kGcra, 32}, Case{Algorithm::kFixedWindow, 2},
                      Case{Algorithm::kFixedWindow, 8}, Case{Algorithm::kFixedWindow, 32},
                      Case{Algorithm::kSlidingWindow, 2}, Case{Algorithm::kSlidingWindow, 8},
                      Case{Algorithm::kSlidingWindow, 32}, Case{Algorithm::kConcurrency, 2},
                      Case{Algorithm::kConcurrency, 8}, Case{Algorithm::kConcurrency, 32}));

TEST(LimiterConcurrencyTest, ManyKeysWhileTheTableGrowsAndIsSwept) {
  const Policy policies[] = {MakePolicy({MakeRule(Algorithm::kGcra, 3, kHour)}, 8 << 20),
                             MakePolicy({MakeRule(Algorithm::kGcra, 3, kHour),
                                         MakeRule(Algorithm::kSlidingWindow, 5, kHour)},
                                        16 << 20)};
  for (const Policy& policy : policies) {
    OnePolicy one(policy);
    constexpr uint64_t kKeys = 5'000;
    std::vector<std::atomic<uint32_t>> passed(kKeys);
    std::atomic<bool> done{false};
    std::thread sweeper([&] {
      while (!done) {
        one.limiter->Cleanup(one.id, one.clock.MonotonicNs());
        std::this_thread::yield();
      }
    });
    RunThreads(4, [&](int thread) {
      for (uint64_t i = 0; i < 2 * kKeys; ++i) {
        const uint64_t key = (i * (thread % 2 == 0 ? 1 : 7919)) % kKeys;
        if (one.limiter->Check(one.id, one.limiter->hasher().Of(key)).allowed()) ++passed[key];
      }
    });
    done = true;
    sweeper.join();
    for (uint64_t key = 0; key < kKeys; ++key) ASSERT_EQ(passed[key].load(), 3u) << key;
  }
}

TEST(LimiterConcurrencyTest, PoliciesMayChangeUnderLoad) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 100, kHour)}));
  std::atomic<bool> done{false};
  std::atomic<uint64_t> passed{0};
  std::thread changer([&] {
    for (int i = 0; i < 60; ++i) {
      // The rate, the number of rules and the budget change, the first rule's limit only grows.
      std::vector<Rule> rules = {MakeRule(Algorithm::kGcra, 101 + i, kHour)};
      if (i % 3 == 0) rules.push_back(MakeRule(Algorithm::kFixedWindow, 1000, kHour));
      const uint64_t budget = i % 5 == 0 ? 1 << 19 : 1 << 20;
      ASSERT_TRUE(one.limiter->SetPolicy(MakePolicy(rules, budget)).ok());
      std::this_thread::yield();
    }
    done = true;
  });
  RunThreads(3, [&](int) {
    while (!done) passed += one.Check().allowed() ? 1 : 0;
  });
  changer.join();
  passed += one.CheckMany(1000);
  EXPECT_EQ(passed.load(), 160u);
}

TEST(LimiterConcurrencyTest, PermitsAreHandedFromThreadToThread) {
  constexpr uint64_t kLimit = 3;
  const Policy policy = MakePolicy({MakeRule(Algorithm::kConcurrency, kLimit, kHour)});
  auto limiter = Limiter::Create(std::span(&policy, 1));
  ASSERT_TRUE(limiter.ok());
  Limiter& it = **limiter;
  const Key key = it.hasher().Of("k");
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> served{0};
  RunThreads(8, [&](int) {
    for (int i = 0; i < 200; ++i) {
      const Decision decision = it.Acquire(PolicyId{0}, key, 1, kMinute);
      ASSERT_TRUE(decision.allowed());
      const int now_inside = ++inside;
      int seen = most.load();
      while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) {
      }
      std::this_thread::yield();
      --inside;
      ++served;
      it.Release(PolicyId{0}, key, decision.permit, it.clock().MonotonicNs());
    }
  });
  EXPECT_EQ(served.load(), 8 * 200);
  EXPECT_LE(most.load(), static_cast<int>(kLimit));
}

TEST(LimiterConcurrencyTest, CountsAreExactWithMoreThreadsThanStripes) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 50, kHour)}));
  constexpr int kThreads = 100;
  RunThreads(kThreads, [&](int) { one.CheckMany(200); });
  const Tallies::Totals totals = one.limiter->StatsOf(one.id).totals;
  EXPECT_EQ(totals.allowed, 50u);
  EXPECT_EQ(totals.refused[0], kThreads * 200u - 50u);
}

}  // namespace
}  // namespace cairn::limiter
