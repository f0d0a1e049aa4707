#pragma once

#include <atomic>
#include <cstdint>

#include "base/mutex.h"

namespace cairn::limiter {

/// A mutex of four bytes, for locks that sit beside what they guard and are held for nanoseconds.
/// Whoever does not get it sleeps in the kernel until it is free.
///
/// Thread safety: thread-safe.
class CAIRN_CAPABILITY("mutex") ShardLock {
 public:
  void Lock() CAIRN_ACQUIRE() CAIRN_NO_THREAD_SAFETY_ANALYSIS {
    uint32_t expected = kFree;
    if (state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) return;
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) {
      state_.wait(kAwaited, std::memory_order_relaxed);
    }
  }
  /// Release: pairs with the acquire of the next Lock.
  void Unlock() CAIRN_RELEASE() CAIRN_NO_THREAD_SAFETY_ANALYSIS {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) state_.notify_one();
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kAwaited = 2;
  std::atomic<uint32_t> state_{kFree};
};

/// Holds a ShardLock for the length of a scope.
class CAIRN_SCOPED_CAPABILITY ShardHold {
 public:
  explicit ShardHold(ShardLock& lock) CAIRN_ACQUIRE(lock) : lock_(lock) { lock_.Lock(); }
  ~ShardHold() CAIRN_RELEASE() { lock_.Unlock(); }
  ShardHold(const ShardHold&) = delete;
  ShardHold& operator=(const ShardHold&) = delete;

 private:
  ShardLock& lock_;
};

}  // namespace cairn::limiter
