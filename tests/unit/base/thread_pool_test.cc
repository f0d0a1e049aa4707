#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace cairn {
namespace {

/// A place where threads meet: nobody goes on before `count` are there.
class Meeting {
 public:
  explicit Meeting(int count) : missing_(count) {}
  void Join() {
    MutexLock lock(mutex_);
    if (--missing_ == 0) all_there_.SignalAll();
    while (missing_ > 0) all_there_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar all_there_;
  int missing_ CAIRN_GUARDED_BY(mutex_);
};

class ThreadPoolTest : public ::testing::TestWithParam<size_t> {};

TEST_P(ThreadPoolTest, EveryTaskRunsBeforeTheDestructorReturns) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(GetParam());
    EXPECT_EQ(pool.thread_count(), GetParam());
    for (int i = 0; i < 500; ++i) {
      pool.Schedule([&] { runs.fetch_add(1); });
    }
  }
  EXPECT_EQ(runs.load(), 500);
}

TEST_P(ThreadPoolTest, WaitIdleWaitsForQueuedAndRunningTasks) {
  ThreadPool pool(GetParam());
  pool.WaitIdle();
  std::atomic<int> runs{0};
  for (int i = 0; i < 200; ++i) {
    pool.Schedule([&] {
      std::this_thread::yield();
      runs.fetch_add(1);
    });
  }
  pool.WaitIdle();
  EXPECT_EQ(runs.load(), 200);
}

TEST_P(ThreadPoolTest, ParallelForRunsEveryIndexOnce) {
  ThreadPool pool(GetParam());
  for (size_t count : {0, 1, 2, 3, 1000}) {
    std::vector<std::atomic<int>> runs(count);
    pool.ParallelFor(count, [&](size_t i) { runs[i].fetch_add(1); });
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(runs[i].load(), 1) << i << " of " << count;
  }
}

TEST_P(ThreadPoolTest, ParallelForMayBeNested) {
  ThreadPool pool(GetParam());
  std::atomic<int> runs{0};
  pool.ParallelFor(8, [&](size_t) { pool.ParallelFor(8, [&](size_t) { runs.fetch_add(1); }); });
  EXPECT_EQ(runs.load(), 64);
}

TEST_P(ThreadPoolTest, ParallelForWorksFromTasksThatFillThePool) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(GetParam());
    for (int t = 0; t < 10; ++t) {
      pool.Schedule([&] { pool.ParallelFor(10, [&](size_t) { runs.fetch_add(1); }); });
    }
  }
  EXPECT_EQ(runs.load(), 100);
}

TEST_P(ThreadPoolTest, ATaskMayScheduleAnotherEvenWhileThePoolGoes) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(GetParam());
    pool.Schedule([&] { pool.Schedule([&] { pool.Schedule([&] { runs.fetch_add(1); }); }); });
  }
  EXPECT_EQ(runs.load(), 1);
}

TEST_P(ThreadPoolTest, NoMoreBodiesRunAtOnceThanAllowed) {
  ThreadPool pool(GetParam());
  std::atomic<size_t> running{0};
  std::atomic<size_t> most{0};
  pool.ParallelFor(500, [&](size_t) {
    size_t now = running.fetch_add(1) + 1;
    size_t seen = most.load();
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::yield();
    running.fetch_sub(1);
  });
  EXPECT_LE(most.load(), GetParam() + 1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ThreadPoolTest, ::testing::Values(0, 1, 2, 5));

TEST(ThreadPoolTest, AllThreadsWorkAtOnce) {
  ThreadPool pool(3);
  Meeting meeting(4);
  pool.ParallelFor(4, [&](size_t) { meeting.Join(); });
}

TEST(ThreadPoolTest, WithoutThreadsTasksRunInTheCaller) {
  ThreadPool pool(0);
  std::thread::id seen;
  pool.Schedule([&] { seen = std::this_thread::get_id(); });
  EXPECT_EQ(seen, std::this_thread::get_id());
}

TEST(ThreadPoolTest, WhatATaskHoldsIsLetGoOnceItRan) {
  ThreadPool pool(1);
  auto held = std::make_shared<int>(1);
  std::weak_ptr<int> watch = held;
  pool.Schedule([held = std::move(held)] {});
  pool.WaitIdle();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace cairn
