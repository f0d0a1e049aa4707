#include "storage/background_env.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace cairn::storage {

BackgroundEnv::BackgroundEnv(size_t thread_count)
    : EnvWrapper(rocksdb::Env::Default()), thread_count_(std::max<size_t>(thread_count, 1)) {}

BackgroundEnv::~BackgroundEnv() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  work_.SignalAll();
  for (std::thread& thread : threads) thread.join();
}

void BackgroundEnv::Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                             void (*unschedule)(void*)) {
  {
    MutexLock lock(mutex_);
    queues_[priority].push_back({function, argument, tag, unschedule});
    StartThreadIfNeeded();
  }
  work_.Signal();
}

void BackgroundEnv::StartThreadIfNeeded() {
  size_t queued = 0;
  for (const auto& queue : queues_) queued += queue.size();
  if (queued <= idle_ || threads_.size() >= thread_count_) return;
  try {
    threads_.emplace_back([this] { RunWorker(); });
  } catch (const std::system_error&) {
    // The process may start no more threads. Those there are go on serving the queue, and the next
    // task tries again.
  }
}

bool BackgroundEnv::TakeTask(Task* task) {
  for (Priority priority : {HIGH, USER, LOW, BOTTOM}) {
    if (queues_[priority].empty()) continue;
    *task = queues_[priority].front();
    queues_[priority].pop_front();
    return true;
  }
  return false;
}

void BackgroundEnv::RunWorker() {
  for (;;) {
    Task task{};
    {
      MutexLock lock(mutex_);
      while (!TakeTask(&task)) {
        if (stopping_) return;
        ++idle_;
        work_.Wait(mutex_);
        --idle_;
      }
    }
    task.function(task.argument);
  }
}

int BackgroundEnv::UnSchedule(void* tag, Priority priority) {
  std::vector<Task> removed;
  {
    MutexLock lock(mutex_);
    std::deque<Task>& queue = queues_[priority];
    auto kept = std::stable_partition(queue.begin(), queue.end(),
                                      [tag](const Task& task) { return task.tag != tag; });
    removed.assign(kept, queue.end());
    queue.erase(kept, queue.end());
  }
  for (const Task& task : removed) {
    if (task.unschedule != nullptr) task.unschedule(task.argument);
  }
  return static_cast<int>(removed.size());
}

unsigned int BackgroundEnv::GetThreadPoolQueueLen(Priority priority) const {
  MutexLock lock(mutex_);
  return static_cast<unsigned int>(queues_[priority].size());
}

int BackgroundEnv::GetBackgroundThreads(Priority priority) {
  return priority == BOTTOM ? 0 : static_cast<int>(thread_count_);
}

}  // namespace cairn::storage
