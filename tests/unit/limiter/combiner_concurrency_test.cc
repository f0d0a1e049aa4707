#include "limiter/combiner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "support/matchers.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kLongNs = 20'000'000'000;

struct Question final : Combiner::Item {
  explicit Question(int number) : asked(number) {}
  const int asked;
  std::atomic<int> answer{0};
};

/// Answers by doubling; while it is shut, questions stay under way.
class Answerer {
 public:
  Combiner::Send AsSend() {
    return [this](const Combiner::Items& items, int64_t /*timeout_ns*/,
                  const std::function<void()>& meanwhile) {
      std::unique_lock<std::mutex> lock(mutex_);
      sizes_.push_back(items.size());
      ++begun_;
      changed_.notify_all();
      lock.unlock();
      meanwhile();
      lock.lock();
      changed_.wait(lock, [&] { return is_open_; });
      for (const auto& item : items) {
        auto* question = static_cast<Question*>(item.get());
        question->answer = 2 * question->asked;
      }
    };
  }
  void SetOpen(bool is_open) {
    std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = is_open;
    changed_.notify_all();
  }
  void AwaitBegun(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  std::vector<size_t> sizes() {
    std::lock_guard<std::mutex> lock(mutex_);
    return sizes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  size_t begun_ = 0;
  std::vector<size_t> sizes_;
};

TEST(CombinerConcurrencyTest, EveryoneGetsHisOwnAnswer) {
  Answerer answerer;
  Combiner combiner(answerer.AsSend());
  std::vector<std::thread> threads;
  for (int id = 0; id < 8; ++id) {
    threads.emplace_back([&, id] {
      for (int i = 0; i < 500; ++i) {
        const auto question = std::make_shared<Question>(id * 1'000 + i + 1);
        CAIRN_ASSERT_OK(combiner.Ask(question, kLongNs));
        ASSERT_EQ(question->answer, 2 * question->asked);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t sum = 0;
  for (const size_t size : answerer.sizes()) sum += size;
  EXPECT_EQ(sum, 8u * 500) << "a question was asked twice, or never";
}

TEST(CombinerConcurrencyTest, WhoIsLateLeavesAndTheOthersGoOn) {
  Answerer answerer;
  answerer.SetOpen(false);
  Combiner combiner(answerer.AsSend());
  std::thread leader(
      [&] { CAIRN_EXPECT_OK(combiner.Ask(std::make_shared<Question>(1), kLongNs)); });
  answerer.AwaitBegun(1);
  // Everyone who waits leaves, while the leader still asks; then it is as if they had not come.
  for (int i = 0; i < 3; ++i) {
    CAIRN_EXPECT_ERROR(combiner.Ask(std::make_shared<Question>(2), 1'000'000), Code::kTimedOut, "");
  }
  const auto patient = std::make_shared<Question>(3);
  std::thread follower([&] { CAIRN_EXPECT_OK(combiner.Ask(patient, kLongNs)); });
  CAIRN_EXPECT_ERROR(combiner.Ask(std::make_shared<Question>(4), 1'000'000), Code::kTimedOut, "");
  answerer.SetOpen(true);
  leader.join();
  follower.join();
  EXPECT_EQ(patient->answer, 6);
  EXPECT_EQ(answerer.sizes(), (std::vector<size_t>{1, 1})) << "one that had left was asked";
  CAIRN_EXPECT_OK(combiner.Ask(std::make_shared<Question>(5), kLongNs));
}

TEST(CombinerConcurrencyTest, AnotherLeadsWhenTheLeadersTimeIsUp) {
  Answerer answerer;
  answerer.SetOpen(false);
  Combiner combiner(answerer.AsSend());
  // By the time that the first is answered, its time is up: it asks nothing more for others.
  std::thread leader([&] { CAIRN_EXPECT_OK(combiner.Ask(std::make_shared<Question>(1), 1)); });
  answerer.AwaitBegun(1);
  std::vector<std::thread> followers;
  for (int i = 0; i < 6; ++i) {
    followers.emplace_back([&, i] {
      const auto question = std::make_shared<Question>(10 + i);
      // Half of them leave, or lead, as it happens.
      const Status status = combiner.Ask(question, i % 2 == 0 ? kLongNs : 500'000);
      EXPECT_TRUE(i % 2 != 0 || status.ok()) << status.message();
      if (status.ok()) {
        EXPECT_EQ(question->answer, 2 * question->asked);
      }
    });
  }
  answerer.SetOpen(true);
  leader.join();
  for (std::thread& follower : followers) follower.join();
  CAIRN_EXPECT_OK(combiner.Ask(std::make_shared<Question>(7), kLongNs));  // somebody leads
}

}  // namespace
}  // namespace cairn::limiter
