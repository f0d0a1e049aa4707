#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <utility>

namespace cairn {

ThreadPool::ThreadPool(size_t thread_count) {
  threads_.reserve(thread_count);
  try {
    while (threads_.size() < thread_count) threads_.emplace_back([this] { RunWorker(); });
  } catch (const std::system_error&) {
    // The process may start no more threads: those there are do the work, or the caller alone.
  }
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.SignalAll();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Schedule(std::function<void()> task) {
  if (threads_.empty()) {
    task();
    return;
  }
  {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
  }
  work_.Signal();
}

void ThreadPool::RunWorker() {
  for (;;) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_.Wait(mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    task();
    task = nullptr;
    {
      MutexLock lock(mutex_);
      --running_;
      if (running_ == 0 && queue_.empty()) idle_.SignalAll();
    }
  }
}

void ThreadPool::WaitIdle() {
  MutexLock lock(mutex_);
  while (running_ != 0 || !queue_.empty()) idle_.Wait(mutex_);
}

namespace {

/// Shared by the caller and the helpers of one ParallelFor. A helper that starts late finds no work
/// left, so the caller never waits for a queued helper: only for bodies that have begun.
struct ForState {
  ForState(size_t n, const std::function<void(size_t)>* f) : count(n), body(f) {}
  const size_t count;
  const std::function<void(size_t)>* const body;
  std::atomic<size_t> next{0};
  Mutex mutex;
  CondVar all_done;
  size_t done CAIRN_GUARDED_BY(mutex) = 0;

  void Drain() {
    size_t finished = 0;
    for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1), ++finished) (*body)(i);
    if (finished == 0) return;
    MutexLock lock(mutex);
    done += finished;
    if (done == count) all_done.SignalAll();
  }
};

}  // namespace

void ThreadPool::ParallelFor(size_t count, const std::function<void(size_t)>& body) {
  if (count == 0) return;
  auto state = std::make_shared<ForState>(count, &body);
  size_t helpers = std::min(threads_.size(), count - 1);
  for (size_t i = 0; i < helpers; ++i) Schedule([state] { state->Drain(); });
  state->Drain();
  MutexLock lock(state->mutex);
  while (state->done != count) state->all_done.Wait(state->mutex);
}

}  // namespace cairn
