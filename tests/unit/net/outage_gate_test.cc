#include "net/outage_gate.h"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

constexpr int64_t kMs = 1'000'000;

class OutageGateTest : public ::testing::Test {
 protected:
  void Fail(int count) {
    for (int i = 0; i < count; ++i) gate_.Leave(gate_.Enter(), Outcome::kFailure);
  }

  ManualClock clock_{1'000 * kMs};
  OutageGate gate_{{.failure_count = 3,
                    .first_pause_ns = 100 * kMs,
                    .max_pause_ns = 400 * kMs,
                    .trial_ns = 50 * kMs},
                   &clock_};
};

TEST_F(OutageGateTest, OpensOnlyAfterFailuresInARow) {
  Fail(2);
  gate_.Leave(gate_.Enter(), Outcome::kSuccess);
  Fail(2);
  EXPECT_TRUE(gate_.is_open());
  Fail(1);
  EXPECT_FALSE(gate_.is_open());
  EXPECT_FALSE(gate_.Enter().is_admitted);
  EXPECT_EQ(gate_.shut_count(), 1u);
}

TEST_F(OutageGateTest, CallsThatNeverMetTheServerSayNothing) {
  Fail(2);
  gate_.Leave(gate_.Enter(), Outcome::kUnused);
  EXPECT_TRUE(gate_.is_open());
  Fail(1);
  EXPECT_FALSE(gate_.is_open());
}

TEST_F(OutageGateTest, OneTrialAtATimeAfterThePause) {
  Fail(3);
  clock_.Advance(79 * kMs);  // a pause is shortened by at most a fifth
  EXPECT_FALSE(gate_.Enter().is_admitted);
  clock_.Advance(21 * kMs);
  const Pass trial = gate_.Enter();
  ASSERT_TRUE(trial.is_admitted);
  EXPECT_FALSE(gate_.Enter().is_admitted);
  gate_.Leave(trial, Outcome::kSuccess);
  EXPECT_TRUE(gate_.is_open());
  EXPECT_TRUE(gate_.Enter().is_admitted);
  Fail(2);
  EXPECT_TRUE(gate_.is_open()) << "failures from before the outage still count";
}

TEST_F(OutageGateTest, PausesDoubleUpToTheirMaximumAndStartAnew) {
  Fail(3);
  for (int64_t pause_ms : {100, 200, 400, 400}) {
    clock_.Advance(pause_ms * kMs * 4 / 5 - 1);
    EXPECT_FALSE(gate_.Enter().is_admitted) << pause_ms;
    clock_.Advance(pause_ms * kMs / 5 + 1);
    const Pass trial = gate_.Enter();
    ASSERT_TRUE(trial.is_admitted) << pause_ms;
    gate_.Leave(trial, Outcome::kFailure);
  }
  clock_.Advance(400 * kMs);
  gate_.Leave(gate_.Enter(), Outcome::kSuccess);
  Fail(3);
  clock_.Advance(100 * kMs);
  EXPECT_TRUE(gate_.Enter().is_admitted);
}

TEST_F(OutageGateTest, ALostTrialIsReplacedAndItsLateReportIgnored) {
  Fail(3);
  clock_.Advance(100 * kMs);
  const Pass lost = gate_.Enter();
  ASSERT_TRUE(lost.is_admitted);
  clock_.Advance(50 * kMs);
  const Pass second = gate_.Enter();
  ASSERT_TRUE(second.is_admitted);
  gate_.Leave(lost, Outcome::kSuccess);
  EXPECT_FALSE(gate_.is_open());
  gate_.Leave(second, Outcome::kSuccess);
  EXPECT_TRUE(gate_.is_open());
}

TEST_F(OutageGateTest, ATrialHandedBackUnusedGoesToTheNextCaller) {
  Fail(3);
  clock_.Advance(100 * kMs);
  gate_.Leave(gate_.Enter(), Outcome::kUnused);
  EXPECT_FALSE(gate_.is_open());
  EXPECT_TRUE(gate_.Enter().is_admitted);
}

TEST_F(OutageGateTest, LateReportsOfOrdinaryCallsDoNotMoveAShutGate) {
  const Pass early = gate_.Enter();
  const Pass early_too = gate_.Enter();
  Fail(3);
  gate_.Leave(early, Outcome::kSuccess);
  EXPECT_FALSE(gate_.is_open());
  gate_.Leave(early_too, Outcome::kFailure);
  EXPECT_EQ(gate_.shut_count(), 1u);
  clock_.Advance(100 * kMs);
  EXPECT_TRUE(gate_.Enter().is_admitted);
}

TEST_F(OutageGateTest, AClockThatBeginsAtZeroDoesNotOpenIt) {
  ManualClock zero(0);
  OutageGate gate({.failure_count = 1, .first_pause_ns = 0, .trial_ns = 0}, &zero);
  gate.Leave(gate.Enter(), Outcome::kFailure);
  EXPECT_FALSE(gate.is_open());
  EXPECT_FALSE(gate.Enter().is_admitted);
  zero.Advance(1);
  const Pass trial = gate.Enter();
  ASSERT_TRUE(trial.is_admitted);
  gate.Leave(trial, Outcome::kFailure);
  EXPECT_FALSE(gate.is_open());
}

}  // namespace
}  // namespace cairn::net
