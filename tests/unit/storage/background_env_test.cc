#include "storage/background_env.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace cairn::storage {
namespace {

using rocksdb::Env;

/// Counts its runs, and can be made to wait.
struct Job {
  std::atomic<int>* counter = nullptr;
  std::vector<std::string>* trace = nullptr;
  std::string name;
  static void Run(void* self) {
    Job* job = static_cast<Job*>(self);
    if (job->trace != nullptr) job->trace->push_back(job->name);
    if (job->counter != nullptr) job->counter->fetch_add(1);
  }
};

/// Blocks one thread of the pool until opened.
class Gate {
 public:
  static void Run(void* self) { static_cast<Gate*>(self)->Wait(); }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.SignalAll();
  }
  void AwaitArrivals(int count) {
    MutexLock lock(mutex_);
    while (arrived_ < count) changed_.Wait(mutex_);
  }

 private:
  void Wait() {
    MutexLock lock(mutex_);
    ++arrived_;
    changed_.SignalAll();
    while (!open_) changed_.Wait(mutex_);
  }
  Mutex mutex_;
  CondVar changed_;
  int arrived_ CAIRN_GUARDED_BY(mutex_) = 0;
  bool open_ CAIRN_GUARDED_BY(mutex_) = false;
};

TEST(BackgroundEnvTest, RunsEveryTaskBeforeItGoes) {
  std::atomic<int> runs{0};
  Job job{&runs, nullptr, ""};
  {
    BackgroundEnv env(3);
    for (int i = 0; i < 1000; ++i) env.Schedule(&Job::Run, &job, Env::LOW, nullptr, nullptr);
  }
  EXPECT_EQ(runs.load(), 1000);
}

TEST(BackgroundEnvTest, ZeroThreadsMeansOne) {
  std::atomic<int> runs{0};
  Job job{&runs, nullptr, ""};
  {
    BackgroundEnv env(0);
    EXPECT_EQ(env.GetBackgroundThreads(Env::LOW), 1);
    env.Schedule(&Job::Run, &job, Env::HIGH, nullptr, nullptr);
  }
  EXPECT_EQ(runs.load(), 1);
}

TEST(BackgroundEnvTest, UsesAllItsThreadsAndNoMore) {
  Gate gate;
  std::atomic<int> runs{0};
  Job job{&runs, nullptr, ""};
  BackgroundEnv env(2);
  env.Schedule(&Gate::Run, &gate, Env::LOW, nullptr, nullptr);
  env.Schedule(&Gate::Run, &gate, Env::LOW, nullptr, nullptr);
  gate.AwaitArrivals(2);
  env.IncBackgroundThreadsIfNeeded(16, Env::HIGH);
  env.SetBackgroundThreads(16, Env::HIGH);
  env.Schedule(&Job::Run, &job, Env::HIGH, nullptr, nullptr);
  EXPECT_EQ(env.GetThreadPoolQueueLen(Env::HIGH), 1u);
  EXPECT_EQ(runs.load(), 0);
  EXPECT_EQ(env.GetBackgroundThreads(Env::HIGH), 2);
  gate.Open();
}

TEST(BackgroundEnvTest, FlushesGoBeforeCompactions) {
  std::vector<std::string> trace;
  Gate gate;
  Job low{nullptr, &trace, "low"};
  Job high{nullptr, &trace, "high"};
  Job bottom{nullptr, &trace, "bottom"};
  {
    BackgroundEnv env(1);
    env.Schedule(&Gate::Run, &gate, Env::LOW, nullptr, nullptr);
    gate.AwaitArrivals(1);
    env.Schedule(&Job::Run, &bottom, Env::BOTTOM, nullptr, nullptr);
    env.Schedule(&Job::Run, &low, Env::LOW, nullptr, nullptr);
    env.Schedule(&Job::Run, &high, Env::HIGH, nullptr, nullptr);
    gate.Open();
  }
  EXPECT_EQ(trace, (std::vector<std::string>{"high", "low", "bottom"}));
}

TEST(BackgroundEnvTest, UnScheduleTakesBackOnlyWhatWaitsUnderTheTag) {
  std::atomic<int> runs{0};
  std::atomic<int> taken_back{0};
  Job ran{&runs, nullptr, ""};
  Gate gate;
  int tag = 0;
  {
    BackgroundEnv env(1);
    env.Schedule(&Gate::Run, &gate, Env::LOW, &tag, nullptr);
    gate.AwaitArrivals(1);
    for (int i = 0; i < 3; ++i) {
      env.Schedule(&Job::Run, &taken_back, Env::LOW, &tag,
                   [](void* count) { static_cast<std::atomic<int>*>(count)->fetch_add(1); });
    }
    env.Schedule(&Job::Run, &ran, Env::LOW, nullptr, nullptr);
    EXPECT_EQ(env.UnSchedule(&tag, Env::HIGH), 0);
    EXPECT_EQ(env.UnSchedule(&tag, Env::LOW), 3);
    EXPECT_EQ(taken_back.load(), 3);
    gate.Open();
  }
  EXPECT_EQ(runs.load(), 1);
}

TEST(BackgroundEnvTest, LeavesTheProcessWidePoolsAlone) {
  int low = Env::Default()->GetBackgroundThreads(Env::LOW);
  int high = Env::Default()->GetBackgroundThreads(Env::HIGH);
  BackgroundEnv env(7);
  env.SetBackgroundThreads(9, Env::LOW);
  env.IncBackgroundThreadsIfNeeded(9, Env::HIGH);
  EXPECT_EQ(Env::Default()->GetBackgroundThreads(Env::LOW), low);
  EXPECT_EQ(Env::Default()->GetBackgroundThreads(Env::HIGH), high);
}

}  // namespace
}  // namespace cairn::storage
