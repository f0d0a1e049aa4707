#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "net/outage_gate.h"

namespace cairn::net {
namespace {

TEST(OutageGateConcurrencyTest, ThirtyTwoThreadsGetOneTrialEachTime) {
  ManualClock clock(1);
  OutageGate gate(
      {.failure_count = 1, .first_pause_ns = 100, .max_pause_ns = 100, .trial_ns = 1'000'000},
      &clock);
  gate.Leave(gate.Enter(), Outcome::kFailure);
  for (int round = 0; round < 50; ++round) {
    clock.Advance(100);
    std::atomic<int> trials{0};
    std::atomic<uint64_t> pass_id{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 32; ++i) {
      threads.emplace_back([&] {
        if (const Pass mine = gate.Enter(); mine.is_admitted) {
          trials.fetch_add(1);
          pass_id.store(mine.id);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(trials.load(), 1) << "round " << round;
    gate.Leave({.is_admitted = true, .id = pass_id.load()}, Outcome::kFailure);
  }
}

TEST(OutageGateConcurrencyTest, AnyReportsInAnyOrderLeaveItUsable) {
  ManualClock clock(1);
  OutageGate gate({.failure_count = 2, .first_pause_ns = 3, .max_pause_ns = 9, .trial_ns = 7},
                  &clock);
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      uint64_t state = i + 1;
      for (int step = 0; step < 20'000; ++step) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        if (const Pass pass = gate.Enter(); pass.is_admitted) {
          gate.Leave(pass, static_cast<Outcome>((state >> 33) % 3));
        }
        clock.Advance(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  clock.Advance(1000);  // no trial is out: the next caller gets through whatever went before
  const Pass pass = gate.Enter();
  ASSERT_TRUE(pass.is_admitted);
  gate.Leave(pass, Outcome::kSuccess);
  EXPECT_TRUE(gate.is_open());
}

}  // namespace
}  // namespace cairn::net
