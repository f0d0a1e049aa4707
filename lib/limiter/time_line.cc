#include "limiter/time_line.h"

namespace cairn::limiter {

void TimeLine::SetMaxStep(int64_t max_step_ns) {
  MutexLock lock(mutex_);
  max_step_ns_ = max_step_ns;
}

int64_t TimeLine::Settle(int64_t now_ns) {
  MutexLock lock(mutex_);
  if (!started_) {
    started_ = true;
    offset_.store(Wrap(0, -static_cast<int64_t>(now_ns == INT64_MIN ? INT64_MIN + 1 : now_ns)),
                  std::memory_order_relaxed);
    newest_.store(0, std::memory_order_relaxed);
    return 0;
  }
  const int64_t offset = offset_.load(std::memory_order_relaxed);
  const int64_t newest = newest_.load(std::memory_order_relaxed);
  int64_t time = 0;
  if (__builtin_add_overflow(now_ns, offset, &time)) {
    time = now_ns > 0 ? INT64_MAX : INT64_MIN;
  }
  if (time < newest) return Behind(time);
  suspects_ = false;
  if (time - newest > max_step_ns_) {
    time = newest + max_step_ns_;
    offset_.store(Wrap(time, static_cast<int64_t>(-static_cast<uint64_t>(now_ns))),
                  std::memory_order_relaxed);
  }
  newest_.store(time, std::memory_order_relaxed);
  return time;
}

int64_t TimeLine::Behind(int64_t time) {
  const int64_t newest = newest_.load(std::memory_order_relaxed);
  if (!suspects_ || time < suspect_) {
    suspects_ = true;
    suspect_ = time;
  } else if (time - suspect_ >= kPatienceNs) {
    suspects_ = false;
    const int64_t offset = offset_.load(std::memory_order_relaxed);
    // Modulo 2^64, as At adds it.
    offset_.store(static_cast<int64_t>(static_cast<uint64_t>(offset) +
                                       static_cast<uint64_t>(newest) - static_cast<uint64_t>(time)),
                  std::memory_order_relaxed);
  }
  return newest;
}

}  // namespace cairn::limiter
