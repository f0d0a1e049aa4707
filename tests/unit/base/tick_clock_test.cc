#include "base/tick_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace cairn {
namespace {

/// Counts how often it is read.
class CountedClock final : public Clock {
 public:
  int64_t MonotonicNs() const override {
    ++reads;
    return now_ns;
  }
  int64_t UnixNs() const override { return 77; }

  int64_t now_ns = 5'000'000'000;
  mutable int reads = 0;
};

uint64_t ticks_now = 0;
uint64_t TicksNow() { return ticks_now; }

class TickClockTest : public ::testing::Test {
 protected:
  TickClockTest() { ticks_now = 1000; }

  /// The time goes on, with three ticks in a nanosecond unless told otherwise.
  void Pass(int64_t ns, double ticks_per_ns = 3) {
    system.now_ns += ns;
    ticks_now += static_cast<uint64_t>(static_cast<double>(ns) * ticks_per_ns);
  }
  /// Until the rate is known.
  void Learn(double ticks_per_ns = 3) {
    clock.NowNs();
    for (int i = 0; i < 4; ++i) {
      Pass(TickClock::kBaseNs, ticks_per_ns);
      clock.NowNs();
    }
    system.reads = 0;
  }
  /// Nanoseconds that a reading is off by.
  int64_t Error() const { return std::abs(clock.NowNs() - system.now_ns); }

  CountedClock system;
  TickClock clock{&system, TicksNow};
};

TEST_F(TickClockTest, ReadsTheSystemUntilItKnowsTheRate) {
  for (int i = 0; i < 10; ++i) {
    Pass(1'000'000);
    EXPECT_EQ(clock.NowNs(), system.now_ns);
  }
  EXPECT_EQ(system.reads, 10);
  EXPECT_EQ(clock.UnixNs(), 77);
}

TEST_F(TickClockTest, CountsTicksBetweenReadingsOfTheSystem) {
  Learn();
  for (int i = 0; i < 1000; ++i) {
    Pass(10'000);
    ASSERT_LE(Error(), 2);
  }
  EXPECT_GE(system.reads, 5) << "ten milliseconds have passed";
  EXPECT_LE(system.reads, 20);
}

TEST_F(TickClockTest, BelievesTheCounterForAMillisecondOnly) {
  Learn();
  ticks_now += 3'000'000 * 100;  // a tenth of a second that never was
  EXPECT_EQ(clock.NowNs(), system.now_ns);
  Pass(1000);
  EXPECT_LE(Error(), 2);
}

TEST_F(TickClockTest, ACounterThatIsSetBackMovesNothing) {
  Learn();
  ticks_now = 5;
  EXPECT_EQ(clock.NowNs(), system.now_ns);
  for (int i = 0; i < 1000; ++i) {
    Pass(100'000);
    ASSERT_LE(Error(), 8);
  }
}

TEST_F(TickClockTest, AnotherRateIsLearntAnew) {
  Learn();
  for (int i = 0; i < 2000; ++i) {
    Pass(100'000, 2);
    // While it does not know: at most half of the millisecond that it believes the old rate for.
    ASSERT_LE(Error(), 500'010) << i;
    if (i > 1600) {
      ASSERT_LE(Error(), 8) << i;
    }
  }
}

TEST_F(TickClockTest, ASystemClockThatIsSetBackIsFollowed) {
  Learn();
  system.now_ns -= 3'000'000'000;
  ticks_now += 4'000'000;
  EXPECT_EQ(clock.NowNs(), system.now_ns);
  for (int i = 0; i < 100; ++i) {
    Pass(10'000'000);
    ASSERT_LE(Error(), 8);
  }
}

TEST_F(TickClockTest, ADeadCounterIsNoClock) {
  for (int i = 0; i < 500; ++i) {
    Pass(1'000'000, 0);
    ASSERT_EQ(clock.NowNs(), system.now_ns);
  }
}

TEST(SystemTickClockTest, ManyThreadsReadWhatTheSystemSays) {
  const TickClock* clock = TickClock::System();
  EXPECT_EQ(clock, TickClock::System());
  std::atomic<int64_t> worst{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const int64_t end = Clock::System()->MonotonicNs() + 150'000'000;
      for (int64_t now = 0; now < end;) {
        const int64_t before = Clock::System()->MonotonicNs();
        const int64_t read = clock->NowNs();
        now = Clock::System()->MonotonicNs();
        const int64_t off = read < before ? before - read : read > now ? read - now : 0;
        for (int64_t seen = worst.load(); off > seen && !worst.compare_exchange_weak(seen, off);) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(worst.load(), 1'000'000);
}

}  // namespace
}  // namespace cairn
