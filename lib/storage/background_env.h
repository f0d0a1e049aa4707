#pragma once

#include <array>
#include <deque>
#include <thread>
#include <vector>

#include <rocksdb/env.h>

#include "base/mutex.h"

namespace cairn::storage {

/// RocksDB's default environment with a private pool of background threads.
///
/// rocksdb::Env::Default() runs the flushes and compactions of every database of the process in
/// pools whose sizes are process-wide. A library must neither resize those of its host nor be
/// starved by them, so each store brings its own: at most `thread_count` threads, started when
/// there is work, which take flushes before compactions.
///
/// Thread safety: thread-safe. Ownership: outlives every RocksDB instance that uses it.
class BackgroundEnv final : public rocksdb::EnvWrapper {
 public:
  explicit BackgroundEnv(size_t thread_count);
  ~BackgroundEnv() override;

  void Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                void (*unschedule)(void*)) override CAIRN_EXCLUDES(mutex_);
  int UnSchedule(void* tag, Priority priority) override CAIRN_EXCLUDES(mutex_);
  unsigned int GetThreadPoolQueueLen(Priority priority) const override CAIRN_EXCLUDES(mutex_);
  int GetBackgroundThreads(Priority priority) override;

  // The size of the pool is the caller's budget: requests to change it are ignored.
  void SetBackgroundThreads(int, Priority) override {}
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void LowerThreadPoolIOPriority(Priority) override {}
  void LowerThreadPoolCPUPriority(Priority) override {}
  rocksdb::Status LowerThreadPoolCPUPriority(Priority, rocksdb::CpuPriority) override {
    return rocksdb::Status::OK();
  }

 private:
  struct Task {
    void (*function)(void*);
    void* argument;
    void* tag;
    void (*unschedule)(void*);
  };

  void RunWorker() CAIRN_EXCLUDES(mutex_);
  bool TakeTask(Task* task) CAIRN_REQUIRES(mutex_);
  void StartThreadIfNeeded() CAIRN_REQUIRES(mutex_);

  const size_t thread_count_;
  mutable Mutex mutex_;
  CondVar work_;
  std::array<std::deque<Task>, TOTAL> queues_ CAIRN_GUARDED_BY(mutex_);
  size_t idle_ CAIRN_GUARDED_BY(mutex_) = 0;
  bool stopping_ CAIRN_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::storage
