#pragma once

#include <cstddef>
#include <deque>
#include <functional>
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

  /// Runs body(i) for every i in [0, count) on the workers and on the calling thread; returns when
  /// all are done. At most `thread_count() + 1` bodies run at once. May be called from a task.
  void ParallelFor(size_t count, const std::function<void(size_t)>& body);

  /// Blocks until no task is queued or running.
  void WaitIdle() CAIRN_EXCLUDES(mutex_);

 private:
  void RunWorker() CAIRN_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar work_;
  CondVar idle_;
  std::deque<std::function<void()>> queue_ CAIRN_GUARDED_BY(mutex_);
  size_t running_ CAIRN_GUARDED_BY(mutex_) = 0;
  bool stopping_ CAIRN_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
