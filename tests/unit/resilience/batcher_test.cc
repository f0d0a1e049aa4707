#include "resilience/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "unit/resilience/batcher_support.h"

namespace cairn::resilience {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;

class BatcherTest : public ::testing::Test {
 protected:
  std::unique_ptr<Batcher> Make(BatcherOptions options = {}) {
    options.name = "target";
    auto made = Batcher::Create(options, backend_.runner(), &clock_);
    EXPECT_TRUE(made.ok()) << made.status().message();
    return std::move(made).value();
  }
  Status Hand(Batcher& batcher, std::string input, uint64_t cost = 1, Deadline deadline = {}) {
    return batcher.SubmitAsync(std::move(input), cost, deadline, outcomes_.done());
  }
  /// Keeps the one worker busy with an item "first".
  void Occupy(Batcher& batcher) {
    backend_.Hold();
    EXPECT_TRUE(Hand(batcher, "first").ok());
    backend_.AwaitBatches(1);
  }
  void AwaitQueued(Batcher& batcher, uint32_t count) {
    while (batcher.Stats().queued != count) std::this_thread::yield();
  }

  ManualClock clock_{kSecond};
  Backend backend_;
  Outcomes outcomes_;
};

TEST_F(BatcherTest, AllFaultsAreListedAtOnce) {
  BatcherOptions options{"x", 0, 0, 5, -1, 2, 0, false};
  std::string faults(Batcher::Create(options, backend_.runner()).status().message());
  EXPECT_THAT(faults, AllOf(HasSubstr("batcher 'x': max_items is 0"), HasSubstr("workers is 0"),
                            HasSubstr("max_delay_ns is -1"), HasSubstr("more than max_items"),
                            HasSubstr("more than max_queue")));
  EXPECT_THAT(std::string(Batcher::Create({}, nullptr).status().message()), HasSubstr("no runner"));
}

TEST_F(BatcherTest, AnItemGoesAtOnceWhenTheWorkerIsIdle) {
  auto batcher = Make();
  EXPECT_EQ(*batcher->Submit("a"), "a!");
  EXPECT_EQ(*batcher->Submit("b"), "b!");
  EXPECT_EQ(batcher->Stats().batches, 2u);
}

TEST_F(BatcherTest, ACallerWithoutDeadlineRunsItsItemItselfAndTakesTheWorkersPlace) {
  std::vector<std::thread::id> ran_in;
  std::atomic<int> running{0};
  auto made = Batcher::Create({}, [&](std::span<BatchItem* const> batch) {
    EXPECT_EQ(running.fetch_add(1), 0) << "one worker, but two batches at a time";
    ran_in.push_back(std::this_thread::get_id());
    Status status = backend_.Run(batch);
    running.fetch_sub(1);
    return status;
  });
  ASSERT_TRUE(made.ok());
  Batcher& batcher = **made;
  backend_.Hold();
  std::thread caller([&] { EXPECT_EQ(*batcher.Submit("own"), "own!"); });
  std::thread::id caller_id = caller.get_id();
  backend_.AwaitBatches(1);
  EXPECT_TRUE(Hand(batcher, "a").ok());
  EXPECT_TRUE(Hand(batcher, "b").ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(2), ElementsAre("a!", "b!"));
  caller.join();
  batcher.Close();
  EXPECT_EQ(ran_in[0], caller_id);
  EXPECT_NE(ran_in[1], caller_id);
  EXPECT_THAT(backend_.batches(), ElementsAre(ElementsAre("own"), ElementsAre("a", "b")));
}

TEST_F(BatcherTest, ItemsThatComeWhileItIsBusyGoTogetherInOrder) {
  BatcherOptions options;
  options.max_items = 3;
  auto batcher = Make(options);
  Occupy(*batcher);
  for (const char* input : {"a", "b", "c", "d"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(5), ElementsAre("first!", "a!", "b!", "c!", "d!"));
  EXPECT_THAT(backend_.batches(),
              ElementsAre(ElementsAre("first"), ElementsAre("a", "b", "c"), ElementsAre("d")));
}

TEST_F(BatcherTest, ABatchStaysWithinItsCost) {
  BatcherOptions options;
  options.max_cost = 10;
  auto batcher = Make(options);
  Occupy(*batcher);
  Status refused = Hand(*batcher, "huge", 11);
  EXPECT_EQ(refused.code(), Code::kOutOfRange);
  EXPECT_EQ(refused.message(), "batcher 'target': the item costs 11, a batch may cost 10");
  for (const auto& [input, cost] : std::vector<std::pair<std::string, uint64_t>>{
           {"a", 4}, {"b", 6}, {"c", 1}, {"d", 10}, {"e", 0}, {"f", 5}}) {
    EXPECT_TRUE(Hand(*batcher, input, cost).ok());
  }
  backend_.LetGo();
  outcomes_.Await(7);
  EXPECT_THAT(backend_.batches(),
              ElementsAre(ElementsAre("first"), ElementsAre("a", "b"), ElementsAre("c"),
                          ElementsAre("d", "e"), ElementsAre("f")));
}

TEST_F(BatcherTest, AFullQueueRefuses) {
  BatcherOptions options;
  options.max_queue = 2;
  auto batcher = Make(options);
  Occupy(*batcher);
  EXPECT_TRUE(Hand(*batcher, "a").ok());
  EXPECT_TRUE(Hand(*batcher, "b").ok());
  Status refused = Hand(*batcher, "c");
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.message(), "batcher 'target': 2 items are waiting already");
  EXPECT_EQ(batcher->Submit("d").status().code(), Code::kResourceExhausted);
  backend_.LetGo();
  EXPECT_EQ(batcher->Stats().overloaded, 2u);
}

TEST_F(BatcherTest, AnIdleWorkerWaitsForEnoughButNoLongerThanTheDelayOfTheOldest) {
  BatcherOptions options;
  options.enough_items = 3;
  auto batcher = Make(options);
  EXPECT_TRUE(Hand(*batcher, "a").ok());
  clock_.Advance(20 * kMs);
  EXPECT_TRUE(Hand(*batcher, "b").ok());
  EXPECT_EQ(batcher->Stats().batches, 0u);
  EXPECT_TRUE(Hand(*batcher, "c").ok());  // enough
  outcomes_.Await(3);
  EXPECT_TRUE(Hand(*batcher, "d").ok());
  clock_.Advance(10 * kMs);
  EXPECT_TRUE(Hand(*batcher, "e").ok());
  clock_.Advance(15 * kMs);  // 25 since the oldest came
  batcher->ClockMoved();
  outcomes_.Await(5);
  EXPECT_THAT(backend_.batches(), ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("d", "e")));
}

TEST_F(BatcherTest, EnoughCostIsEnough) {
  BatcherOptions options;
  options.enough_items = 10;
  options.max_cost = 5;
  auto batcher = Make(options);
  EXPECT_TRUE(Hand(*batcher, "a", 2).ok());
  EXPECT_TRUE(Hand(*batcher, "b", 3).ok());
  outcomes_.Await(2);
}

TEST_F(BatcherTest, EachItemHasItsOwnFailure) {
  auto batcher = Make();
  Occupy(*batcher);
  for (const char* input : {"a", "bad", "c"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(4), ElementsAre("first!", "a!", "invalid_argument", "c!"));
  EXPECT_EQ(batcher->Stats().failed, 1u);
}

TEST_F(BatcherTest, AFailedBatchFailsEveryMember) {
  auto batcher = Make();
  Occupy(*batcher);
  for (const char* input : {"a", "poison", "c"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(4), ElementsAre("first!", "internal", "internal", "internal"));
  EXPECT_EQ(batcher->Stats().failed, 3u);
}

TEST_F(BatcherTest, PoisonIsIsolatedOnce) {
  BatcherOptions options;
  options.isolate = true;
  auto batcher = Make(options);
  Occupy(*batcher);
  for (const char* input : {"a", "poison", "c"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(4), ElementsAre("first!", "a!", "internal", "c!"));
  EXPECT_EQ(backend_.batches().size(), 5u);
  EXPECT_EQ(batcher->Stats().isolated, 3u);
}

TEST_F(BatcherTest, ATargetThatIsAwayIsNotAskedAgainForEachMember) {
  BatcherOptions options;
  options.isolate = true;
  backend_.set_poison_code(Code::kUnavailable);
  auto batcher = Make(options);
  Occupy(*batcher);
  for (const char* input : {"a", "poison"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(3), ElementsAre("first!", "unavailable", "unavailable"));
  EXPECT_EQ(batcher->Stats().isolated, 0u);
}

TEST_F(BatcherTest, ACallerWhoseTimeIsOverLeavesTheQueue) {
  auto batcher = Make();
  Occupy(*batcher);
  Status status;
  std::thread caller([&] { status = batcher->Submit("late", 1, Deadline(2 * kSecond)).status(); });
  AwaitQueued(*batcher, 1);
  clock_.Set(2 * kSecond);
  batcher->ClockMoved();
  caller.join();
  EXPECT_EQ(status.code(), Code::kTimedOut);
  EXPECT_EQ(batcher->Stats().queued, 0u);
  backend_.LetGo();
  batcher->Close();
  EXPECT_THAT(backend_.batches(), ElementsAre(ElementsAre("first")));
  EXPECT_EQ(batcher->Stats().timed_out, 1u);
}

TEST_F(BatcherTest, ACallerWhoseTimeIsOverLeavesARunningBatchUnharmed) {
  auto batcher = Make();
  Occupy(*batcher);
  Status status;
  std::thread caller([&] { status = batcher->Submit("late", 1, Deadline(2 * kSecond)).status(); });
  AwaitQueued(*batcher, 1);
  EXPECT_TRUE(Hand(*batcher, "other").ok());
  backend_.LetOneGo();
  backend_.AwaitBatches(2);
  clock_.Set(2 * kSecond);
  batcher->ClockMoved();
  caller.join();
  EXPECT_EQ(status.code(), Code::kTimedOut);
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(2), ElementsAre("first!", "other!"));
  EXPECT_THAT(backend_.batches(), ElementsAre(ElementsAre("first"), ElementsAre("late", "other")));
}

TEST_F(BatcherTest, AnItemThatExpiredInTheQueueIsNotRun) {
  auto batcher = Make();
  EXPECT_EQ(Hand(*batcher, "stale", 1, Deadline(1)).code(), Code::kTimedOut);
  Occupy(*batcher);
  EXPECT_TRUE(Hand(*batcher, "a", 1, Deadline(2 * kSecond)).ok());
  EXPECT_TRUE(Hand(*batcher, "b").ok());
  clock_.Set(2 * kSecond);
  backend_.LetGo();
  EXPECT_THAT(outcomes_.Await(3), ElementsAre("first!", "timed_out", "b!"));
  EXPECT_THAT(backend_.batches(), ElementsAre(ElementsAre("first"), ElementsAre("b")));
}

TEST_F(BatcherTest, ClosingWorksOffTheQueueAndRefusesWhatComesLater) {
  auto batcher = Make();
  Occupy(*batcher);
  for (const char* input : {"a", "b"}) EXPECT_TRUE(Hand(*batcher, input).ok());
  std::thread closer([&] { batcher->Close(); });
  while (Hand(*batcher, "x").code() != Code::kFailedPrecondition) std::this_thread::yield();
  backend_.LetGo();
  closer.join();
  batcher->Close();
  std::vector<std::string> seen = outcomes_.Await(3);
  EXPECT_THAT((std::vector<std::string>{seen.begin(), seen.begin() + 3}),
              ElementsAre("first!", "a!", "b!"));
  EXPECT_EQ(batcher->Submit("z").status().code(), Code::kFailedPrecondition);
}

TEST_F(BatcherTest, CancellingTellsThoseInTheQueue) {
  auto batcher = Make();
  Occupy(*batcher);
  EXPECT_TRUE(Hand(*batcher, "a").ok());
  std::thread canceller([&] { batcher->Cancel(); });
  EXPECT_THAT(outcomes_.Await(1), ElementsAre("cancelled"));
  backend_.LetGo();
  canceller.join();
  EXPECT_THAT(outcomes_.Await(2), ElementsAre("cancelled", "first!"));
}

TEST_F(BatcherTest, ClosingEndsTheWaitForCompany) {
  BatcherOptions options;
  options.enough_items = 10;
  auto batcher = Make(options);
  EXPECT_TRUE(Hand(*batcher, "a").ok());
  batcher->Close();
  EXPECT_THAT(outcomes_.Await(1), ElementsAre("a!"));
}

}  // namespace
}  // namespace cairn::resilience
