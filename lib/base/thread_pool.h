#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace cairn {

/// A fixed number of worker threads and one queue of tasks.
///
/// The number of threads is settled at construction and never exceeded: it is the caller's thread
/// budget. With zero threads every task runs in the thread that hands it in.
///
/// Thread safety: thread-safe. Ownership: the destructor runs every queued task, then joins.
class ThreadPool {
 public:
  explicit ThreadPool(size_t thread_count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t thread_count() const { return threads_.size(); }

  /// Queues a task. The task must not throw.
  void Schedule(std::function<void()> task) CAIRN_EXCLUDES(mutex_);

  /// Queues a task once `delay_ns` have passed. Tasks that are still waiting when the pool ends are
  /// dropped; with zero threads none is ever run.
  void ScheduleAfter(int64_t delay_ns, std::function<void()> task) CAIRN_EXCLUDES(mutex_);

  /// Runs body(i) for every i in [0, count) on the workers and on the calling thread; returns when
  /// all are done. At most `thread_count() + 1` bodies run at once. May be called from a task.
  void ParallelFor(size_t count, const std::function<void(size_t)>& body);

  /// Blocks until no task is queued or running; tasks that wait for their time do not count.
  void WaitIdle() CAIRN_EXCLUDES(mutex_);

 private:
  void RunWorker() CAIRN_EXCLUDES(mutex_);
  /// Queues the tasks whose time has come; the nanoseconds until the next one's, negative = none.
  int64_t QueueDue() CAIRN_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar work_;
  CondVar idle_;
  std::deque<std::function<void()>> queue_ CAIRN_GUARDED_BY(mutex_);
  /// By the monotonic time at which they are due.
  std::multimap<int64_t, std::function<void()>> waiting_ CAIRN_GUARDED_BY(mutex_);
  size_t running_ CAIRN_GUARDED_BY(mutex_) = 0;
  bool stopping_ CAIRN_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
