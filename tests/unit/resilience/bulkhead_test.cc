#include "resilience/bulkhead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "unit/resilience/support.h"

namespace cairn::resilience {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<Bulkhead> Make(uint32_t running, uint32_t waiting, const Clock* clock,
                               int64_t max_wait_ns = INT64_MAX) {
  auto made = Bulkhead::Create({"target", running, waiting, max_wait_ns}, clock);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return std::move(made).value();
}

void AwaitWaiting(const Bulkhead& bulkhead, uint32_t count) {
  while (bulkhead.Stats().waiting != count) std::this_thread::yield();
}

TEST(BulkheadTest, AllFaultsAreListedAtOnce) {
  std::string faults(Bulkhead::Create({"x", 0, UINT32_MAX, 0}).status().message());
  EXPECT_THAT(faults, AllOf(HasSubstr("bulkhead 'x': max_running is 0"), HasSubstr("max_waiting"),
                            HasSubstr("max_wait_ns is 0")));
}

TEST(BulkheadTest, RefusesWhenFullAndNobodyMayWait) {
  ManualClock clock;
  auto bulkhead = Make(2, 0, &clock);
  EXPECT_TRUE(bulkhead->Enter().ok());
  EXPECT_TRUE(bulkhead->Enter().ok());
  Status refused = bulkhead->Enter();
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.message(), "bulkhead 'target': 2 calls are running and 0 are waiting");
  bulkhead->Leave();
  EXPECT_TRUE(bulkhead->TryEnter());
  EXPECT_FALSE(bulkhead->TryEnter());
  EXPECT_EQ(bulkhead->Stats().admitted, 3u);
  EXPECT_EQ(bulkhead->Stats().overloaded, 1u);
}

TEST(BulkheadTest, ThoseWhoWaitGetPlacesInOrder) {
  ManualClock clock;
  auto bulkhead = Make(1, 3, &clock);
  ASSERT_TRUE(bulkhead->Enter().ok());
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(bulkhead->Enter().ok());
      order.push_back(static_cast<int>(i));  // one place: nobody else is inside
      bulkhead->Leave();
    });
    AwaitWaiting(*bulkhead, i + 1);
  }
  EXPECT_EQ(bulkhead->Enter().code(), Code::kResourceExhausted);
  bulkhead->Leave();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(bulkhead->Stats().running, 0u);
}

TEST(BulkheadTest, AWaitEndsAtTheDeadlineOrAfterTheLongestWait) {
  ManualClock clock;
  for (bool by_deadline : {false, true}) {
    auto bulkhead = Make(1, 1, &clock, by_deadline ? INT64_MAX : 10 * kSecond);
    ASSERT_TRUE(bulkhead->Enter().ok());
    Deadline deadline =
        by_deadline ? Deadline::After(clock.MonotonicNs(), 10 * kSecond) : Deadline();
    Status status;
    std::thread waiter([&] { status = bulkhead->Enter(deadline); });
    AwaitWaiting(*bulkhead, 1);
    clock.Advance(10 * kSecond);
    bulkhead->ClockMoved();
    waiter.join();
    EXPECT_EQ(status.code(), Code::kTimedOut);
    bulkhead->Leave();
    EXPECT_TRUE(bulkhead->TryEnter()) << "the place was lost with the one who left";
    EXPECT_EQ(bulkhead->Stats().timed_out, 1u);
  }
}

TEST(BulkheadTest, APassedDeadlineDoesNotWait) {
  ManualClock clock(kSecond);
  auto bulkhead = Make(1, 1, &clock);
  ASSERT_TRUE(bulkhead->Enter().ok());
  EXPECT_EQ(bulkhead->Enter(Deadline(1)).code(), Code::kTimedOut);
  EXPECT_EQ(bulkhead->Stats().waiting, 0u);
}

}  // namespace
}  // namespace cairn::resilience
