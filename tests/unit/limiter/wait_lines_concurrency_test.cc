// Who waits for a key is served in turn.
#include "limiter/wait_lines.h"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

/// Callers that wait, each in a thread of its own, in an order that is certain.
class Queue {
 public:
  explicit Queue(const Policy& policy) : one_(policy) {}
  ~Queue() { Join(); }

  OnePolicy& one() { return one_; }

  /// Returns when the caller stands in line.
  void Enter(int64_t max_wait_ns, uint64_t cost = 1, std::string_view key = "k") {
    const uint32_t before = one_.limiter->waiting_count();
    const size_t number = threads_.size();
    outcomes_.emplace_back();
    std::promise<Decision>& outcome = *outcomes_.back();
    threads_.emplace_back([this, number, max_wait_ns, cost, key, &outcome] {
      const Decision decision = one_.limiter->Acquire(one_.id, one_.Of(key), cost, max_wait_ns);
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (decision.allowed()) served_.push_back(number);
      }
      outcome.set_value(decision);
    });
    while (one_.limiter->waiting_count() == before) std::this_thread::yield();
  }
  /// What the caller got; waits for it.
  Decision OutcomeOf(size_t number) { return outcomes_[number]->get_future().get(); }
  std::vector<size_t> served() {
    std::lock_guard<std::mutex> lock(mutex_);
    return served_;
  }
  void GiveBack(const Decision& decision) {
    one_.limiter->Release(one_.id, one_.Of("k"), decision.permit, one_.clock.MonotonicNs());
  }
  void GiveBackTokens(uint64_t cost) {
    one_.limiter->Refund(one_.id, one_.Of("k"), cost, one_.clock.MonotonicNs());
  }

 private:
  struct Promise : std::unique_ptr<std::promise<Decision>> {
    Promise()
        : std::unique_ptr<std::promise<Decision>>(std::make_unique<std::promise<Decision>>()) {}
  };
  void Join() {
    for (std::thread& thread : threads_) thread.join();
  }

  OnePolicy one_;
  std::mutex mutex_;
  std::vector<size_t> served_;
  std::vector<Promise> outcomes_;
  std::vector<std::thread> threads_;
};

Policy OnePermit() { return MakePolicy({MakeRule(Algorithm::kConcurrency, 1, kHour)}); }

TEST(WaitLinesConcurrencyTest, WhoGivesUpIsNoMatterToTheOthers) {
  for (const size_t impatient : {size_t{0}, size_t{1}, size_t{2}}) {
    Queue queue(OnePermit());
    Decision holder = queue.one().Check();
    for (size_t i = 0; i < 3; ++i) queue.Enter(i == impatient ? kMs : kHour);
    queue.one().clock.Advance(kMs);
    EXPECT_FALSE(queue.OutcomeOf(impatient).allowed());
    EXPECT_TRUE(queue.served().empty());
    for (size_t i = 0; i < 3; ++i) {
      if (i == impatient) continue;
      queue.GiveBack(holder);
      holder = queue.OutcomeOf(i);
      EXPECT_TRUE(holder.allowed()) << i << " after " << impatient << " had left";
    }
  }
}

TEST(WaitLinesConcurrencyTest, PermitsGoToThoseWhoWaitInTheOrderInWhichTheyCame) {
  constexpr size_t kWaiting = 8;
  Queue queue(OnePermit());
  Decision holder = queue.one().Check();
  for (size_t i = 0; i < kWaiting; ++i) queue.Enter(kHour);
  for (size_t i = 0; i < kWaiting; ++i) {
    queue.GiveBack(holder);
    holder = queue.OutcomeOf(i);
    EXPECT_TRUE(holder.allowed());
    EXPECT_EQ(queue.served().size(), i + 1) << "two were served";
  }
  for (size_t i = 0; i < kWaiting; ++i) EXPECT_EQ(queue.served()[i], i);
}

TEST(WaitLinesConcurrencyTest, OnlyTheFirstAsksForWhatIsFreed) {
  constexpr uint32_t kWaiting = 16;
  WaitLines lines(Clock::System(), {});
  std::atomic<int> room{0};
  std::atomic<int> asked{0};
  std::atomic<uint32_t> served{0};
  const auto ask = [&](bool is_first, int64_t left_ns) -> WaitLines::Answer {
    ++asked;
    WaitLines::Answer answer;
    int free = room.load();
    if (is_first && free > 0 && room.compare_exchange_strong(free, free - 1)) return answer;
    answer.decision.outcome = Outcome::kRefused;
    answer.pause_ns = left_ns;
    return answer;
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kWaiting; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(lines.Acquire({1, 2}, kHour, ask).allowed());
      ++served;
    });
  }
  while (lines.waiting_count() < kWaiting) std::this_thread::yield();
  for (uint32_t i = 0; i < kWaiting; ++i) {
    ++room;
    lines.Freed({1, 2});
    while (served.load() <= i) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  // Each once when it came, and once more for what was freed while it asked; then when it was first
  // and when something was freed for it.
  EXPECT_LE(asked.load(), static_cast<int>(4 * kWaiting));
}

TEST(WaitLinesConcurrencyTest, TokensGoToTheFirstEvenWhenTheNextWantsLess) {
  Queue queue(MakePolicy({MakeRule(Algorithm::kGcra, 3, 3 * kHour)}));
  EXPECT_EQ(queue.one().CheckMany(5), 3u);
  queue.Enter(kDay, 3);
  queue.Enter(kDay, 1);
  queue.GiveBackTokens(2);  // enough for the second, who waits
  EXPECT_TRUE(queue.served().empty());
  queue.GiveBackTokens(1);
  EXPECT_TRUE(queue.OutcomeOf(0).allowed());
  queue.GiveBackTokens(1);
  EXPECT_TRUE(queue.OutcomeOf(1).allowed());
  EXPECT_EQ(queue.served(), (std::vector<size_t>{0, 1}));
}

TEST(WaitLinesConcurrencyTest, NobodyWaitsBehindAnotherKey) {
  Queue queue(OnePermit());
  const Decision taken = queue.one().Check("k");
  const Decision other = queue.one().Check("other");
  queue.Enter(INT64_MAX, 1, "k");
  queue.Enter(kHour, 1, "other");
  queue.one().limiter->Release(queue.one().id, queue.one().Of("other"), other.permit,
                               queue.one().clock.MonotonicNs());
  EXPECT_TRUE(queue.OutcomeOf(1).allowed());
  EXPECT_EQ(queue.served(), (std::vector<size_t>{1}));
  queue.GiveBack(taken);
  EXPECT_TRUE(queue.OutcomeOf(0).allowed());
}

TEST(WaitLinesConcurrencyTest, AForgottenPolicyServesEveryLine) {
  Queue queue(MakePolicy({MakeRule(Algorithm::kFixedWindow, 1, kDay)}));
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(queue.one().Check(key).allowed());
  for (const char* key : {"a", "b", "c"}) queue.Enter(2 * kDay, 1, key);
  queue.one().limiter->ResetAll(queue.one().id);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(queue.OutcomeOf(i).allowed());
}

TEST(WaitLinesConcurrencyTest, NobodyComesInBetweenWhoWouldNotBeServedAnyway) {
  Queue queue(MakePolicy({MakeRule(Algorithm::kGcra, 1, kHour)}));
  EXPECT_TRUE(queue.one().Check().allowed());
  queue.Enter(kDay);
  Limiter& it = *queue.one().limiter;
  const Decision decision = it.Acquire(queue.one().id, queue.one().Of("k"), 1, kHour / 2);
  EXPECT_EQ(decision.outcome, Outcome::kRefused) << "it waits although it cannot help";
  EXPECT_EQ(it.Acquire(queue.one().id, queue.one().Of("k"), 2, kDay).outcome, Outcome::kImpossible);
  EXPECT_EQ(it.StatsOf(queue.one().id).totals.impossible, 1u);
  queue.GiveBackTokens(1);
  EXPECT_TRUE(queue.OutcomeOf(0).allowed());
}

TEST(WaitLinesConcurrencyTest, WhoFailsLeavesTheLine) {
  WaitLines lines(Clock::System(), {});
  const WaitLines::Place place{1, 7};
  EXPECT_THROW(lines.Acquire(place, kHour,
                             [](bool, int64_t) -> WaitLines::Answer { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(lines.waiting_count(), 0u);
  bool was_first = false;
  lines.Acquire(place, kHour, [&was_first](bool is_first, int64_t) {
    was_first = is_first;
    return WaitLines::Answer();
  });
  EXPECT_TRUE(was_first);
}

}  // namespace
}  // namespace cairn::limiter
