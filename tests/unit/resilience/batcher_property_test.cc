// The batcher against a model that says, after every event, which items a batch has.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "unit/resilience/batcher_support.h"

namespace cairn::resilience {
namespace {

/// One worker, asynchronous items, by the book.
class Model {
 public:
  explicit Model(const BatcherOptions& options) : options_(options) {}

  /// What handing in an item says.
  Code Hand(std::string name, uint64_t cost, Deadline deadline, int64_t now_ns) {
    if (options_.max_cost != 0 && cost > options_.max_cost) return Code::kOutOfRange;
    if (deadline.Passed(now_ns)) return Code::kTimedOut;
    if (waiting_.size() >= options_.max_queue) return Code::kResourceExhausted;
    waiting_.push_back({std::move(name), cost, deadline, now_ns});
    return Code::kOk;
  }

  /// Does what an idle worker would do. The next batch, or none.
  std::optional<std::vector<std::string>> Form(int64_t now_ns) {
    std::vector<std::string> batch;
    while (batch.empty() && MayGo(now_ns)) {
      uint64_t cost = 0;
      while (!waiting_.empty() && batch.size() < options_.max_items) {
        const Item& next = waiting_.front();
        if (next.deadline.Passed(now_ns)) {
          ended[next.name] = CodeName(Code::kTimedOut);
        } else if (options_.max_cost != 0 && cost + next.cost > options_.max_cost) {
          break;
        } else {
          cost += next.cost;
          ended[next.name] = next.name + "!";
          batch.push_back(next.name);
        }
        waiting_.pop_front();
      }
    }
    return batch.empty() ? std::nullopt : std::make_optional(batch);
  }
  void Close() { is_closed_ = true; }
  size_t waiting_count() const { return waiting_.size(); }

  std::map<std::string, std::string> ended;  ///< what became, or will, of every item

 private:
  struct Item {
    std::string name;
    uint64_t cost;
    Deadline deadline;
    int64_t since_ns;
  };

  bool MayGo(int64_t now_ns) const {
    if (waiting_.empty()) return false;
    uint64_t cost = 0;
    for (const Item& item : waiting_) cost += item.cost;
    return is_closed_ || waiting_.size() >= options_.enough_items ||
           (options_.max_cost != 0 && cost >= options_.max_cost) ||
           now_ns - waiting_.front().since_ns >= options_.max_delay_ns;
  }

  const BatcherOptions options_;
  std::deque<Item> waiting_;
  bool is_closed_ = false;
};

/// A batcher and its model, led through the same events.
class Pair {
 public:
  explicit Pair(BatcherOptions options) : model_(options) {
    options.name = "target";
    backend_.NoteWaits(&clock_);
    backend_.Hold();
    auto made = Batcher::Create(options, backend_.runner(), &clock_);
    EXPECT_TRUE(made.ok()) << made.status().message();
    batcher_ = std::move(made).value();
  }
  ~Pair() { backend_.LetGo(); }

  void Hand(uint64_t cost, int64_t patience_ns) {
    const int64_t now_ns = clock_.MonotonicNs();
    std::string name = std::to_string(next_++);
    const Deadline deadline = patience_ns < 0 ? Deadline() : Deadline::After(now_ns, patience_ns);
    const Code code = model_.Hand(name, cost, deadline, now_ns);
    const Status status =
        batcher_->SubmitAsync(name, cost, deadline, [this, name](Status told, std::string output) {
          MutexLock lock(mutex_);
          const bool is_new =
              ended_.emplace(name, told.ok() ? output : std::string(CodeName(told.code()))).second;
          EXPECT_TRUE(is_new) << name << " ended twice";
          more_.SignalAll();
        });
    ASSERT_EQ(status.code(), code) << "item " << name;
    Settle();
  }
  void Advance(int64_t ns) {
    clock_.Advance(ns);
    batcher_->ClockMoved();
    Settle();
  }
  /// The batch under way ends, if there is one.
  void EndBatch() {
    if (!is_running_) return;
    backend_.LetOneGo();
    is_running_ = false;
    Settle();
  }
  /// To the last item.
  void Close() {
    model_.Close();
    std::vector<std::vector<std::string>> rest;
    while (auto batch = model_.Form(clock_.MonotonicNs())) formed_.push_back(*batch);
    backend_.LetGo();
    batcher_->Close();
    EXPECT_EQ(backend_.batches(), formed_);
    MutexLock lock(mutex_);
    EXPECT_EQ(ended_, model_.ended);
  }
  bool is_running() const { return is_running_; }
  std::vector<int64_t> waits() { return backend_.waits(); }

 private:
  /// Waits until the batcher has done what the model has. If the model has done nothing, what the
  /// batcher may do wrong is seen later.
  void Settle() {
    if (is_running_) return;
    if (auto batch = model_.Form(clock_.MonotonicNs())) {
      formed_.push_back(*batch);
      is_running_ = true;
      backend_.AwaitBatches(formed_.size());
      ASSERT_EQ(backend_.batches(), formed_);
    }
    // Items of the batch under way have not ended yet.
    const size_t ended = model_.ended.size() - (is_running_ ? formed_.back().size() : 0);
    MutexLock lock(mutex_);
    while (ended_.size() < ended) more_.Wait(mutex_);
    ASSERT_EQ(ended_.size(), ended);
  }

  ManualClock clock_{kSecond};
  Backend backend_;
  Model model_;
  Mutex mutex_;
  CondVar more_;
  std::map<std::string, std::string> ended_ CAIRN_GUARDED_BY(mutex_);
  std::vector<std::vector<std::string>> formed_;
  bool is_running_ = false;
  uint64_t next_ = 0;
  std::unique_ptr<Batcher> batcher_;  // last: its worker uses the rest
};

BatcherOptions RandomOptions(std::mt19937_64* random) {
  const auto up_to = [&](uint64_t most) { return static_cast<uint32_t>(1 + (*random)() % most); };
  BatcherOptions options;
  options.max_items = up_to(8);
  options.max_queue = 8 + up_to(8);
  options.enough_items = up_to(options.max_items);
  options.max_cost = (*random)() % 2 == 0 ? 0 : 4 + up_to(12);
  options.max_delay_ns = (*random)() % 4 == 0 ? 0 : static_cast<int64_t>(up_to(20)) * kMs;
  return options;
}

TEST(BatcherPropertyTest, EveryScheduleFormsTheBatchesOfTheModel) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60 && !::testing::Test::HasFailure(); ++round) {
    Pair pair(RandomOptions(&random));
    for (int step = 0; step < 150 && !::testing::Test::HasFailure(); ++step) {
      switch (random() % 4) {
        case 0:
          pair.Advance(static_cast<int64_t>(random() % (10 * kMs)));
          break;
        case 1:
          pair.EndBatch();
          break;
        default:
          pair.Hand(random() % 8,
                    random() % 3 == 0 ? static_cast<int64_t>(random() % (15 * kMs)) : int64_t{-1});
      }
    }
    pair.Close();
  }
}

/// Of an idle backend nothing but the delay makes an item wait, to the step of the clock.
TEST(BatcherPropertyTest, NoItemWaitsLongerThanTheDelay) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  BatcherOptions options;
  options.enough_items = 6;
  options.max_delay_ns = 25 * kMs;
  Pair pair(options);
  size_t handed = 0;
  for (int step = 0; step < 3'000 && !::testing::Test::HasFailure(); ++step) {
    if (random() % 8 == 0) {
      pair.Hand(1, -1);
      ++handed;
    }
    pair.EndBatch();
    pair.Advance(static_cast<int64_t>(random() % kMs));
    pair.EndBatch();
  }
  pair.Close();
  std::vector<int64_t> waits = pair.waits();
  ASSERT_EQ(waits.size(), handed);
  std::sort(waits.begin(), waits.end());
  EXPECT_LE(waits[waits.size() * 99 / 100], options.max_delay_ns + kMs);
  EXPECT_LE(waits.back(), options.max_delay_ns + kMs);
  EXPECT_GT(waits.back(), options.max_delay_ns / 2) << "nobody waited for company";
}

}  // namespace
}  // namespace cairn::resilience
