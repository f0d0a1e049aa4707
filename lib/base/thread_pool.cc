#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <utility>

#include "base/clock.h"

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

void ThreadPool::ScheduleAfter(int64_t delay_ns, std::function<void()> task) {
  if (threads_.empty()) return;
  {
    MutexLock lock(mutex_);
    waiting_.emplace(Clock::System()->MonotonicNs() + delay_ns, std::move(task));
  }
  work_.Signal();  // so that one worker waits no longer than until then
}

int64_t ThreadPool::QueueDue() {
  if (waiting_.empty()) return -1;
  int64_t now_ns = Clock::System()->MonotonicNs();
  while (!waiting_.empty() && waiting_.begin()->first <= now_ns) {
    queue_.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  return waiting_.empty() ? -1 : waiting_.begin()->first - now_ns;
}

void ThreadPool::RunWorker() {
  for (;;) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      for (;;) {
        int64_t wait_ns = QueueDue();
        if (!queue_.empty() || stopping_) break;
        if (wait_ns < 0) {
          work_.Wait(mutex_);
        } else {
          work_.WaitFor(mutex_, wait_ns);
        }
      }
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
