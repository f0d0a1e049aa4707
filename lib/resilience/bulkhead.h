#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "resilience/deadline.h"
#include "resilience/striped_count.h"

namespace cairn::resilience {

struct BulkheadOptions {
  std::string name;                 ///< told in messages and metrics
  uint32_t max_running = 25;        ///< calls at the same time
  uint32_t max_waiting = 0;         ///< calls that wait for one of them to end; more are refused
  int64_t max_wait_ns = INT64_MAX;  ///< longest wait of a call, which its deadline may shorten

  /// invalid_argument, listing all that is wrong.
  Status Check() const;
};

struct BulkheadStats {
  uint32_t running = 0;
  uint32_t waiting = 0;
  uint64_t admitted = 0;
  uint64_t overloaded = 0;  ///< refused because too many were waiting
  uint64_t timed_out = 0;   ///< waited in vain
};

/// Bounds how many calls run at once, so that one slow target cannot take all threads.
///
/// Places go to those who wait in the order in which they came. While nobody waits, taking and
/// leaving a place is one compare-and-swap.
///
/// Thread safety: thread-safe. Ownership: the clock outlives it; nobody may be inside when it ends.
class Bulkhead {
 public:
  static Result<std::unique_ptr<Bulkhead>> Create(BulkheadOptions options,
                                                  const Clock* clock = Clock::System());

  /// Takes a place, and waits for one where that is allowed. resource_exhausted: too many are
  /// waiting. timed_out: none came free in time. After OK, Leave must follow.
  Status Enter(Deadline deadline = {}) {
    if (TryEnter()) return OkStatus();
    return EnterSlowly(deadline);
  }

  /// Takes a place only if one is free.
  bool TryEnter() {
    // Acquire: pairs with the release in Leave, so that what ended before a call is seen by it.
    uint64_t word = word_.load(std::memory_order_relaxed);
    while (Free(word) != 0 && Waiting(word) == 0) {
      if (word_.compare_exchange_weak(word, word - 1, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        admitted_.Add();
        return true;
      }
    }
    return false;
  }

  void Leave() {
    uint64_t word = word_.load(std::memory_order_relaxed);
    while (Waiting(word) == 0) {
      if (word_.compare_exchange_weak(word, word + 1, std::memory_order_release,
                                      std::memory_order_relaxed)) {
        return;
      }
    }
    HandOver();
  }

  /// To be called when an injected clock was moved: those who wait look at it again.
  void ClockMoved() CAIRN_EXCLUDES(mutex_);

  BulkheadStats Stats() const;
  const BulkheadOptions& options() const { return options_; }

 private:
  struct Waiter {
    CondVar wake;
    bool admitted = false;
  };

  Bulkhead(BulkheadOptions options, const Clock* clock);

  // The word: calls that wait (upper half; changed only under the mutex), free places (lower half).
  static uint32_t Free(uint64_t word) { return static_cast<uint32_t>(word); }
  static uint32_t Waiting(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

  Status EnterSlowly(Deadline deadline) CAIRN_EXCLUDES(mutex_);
  bool Queue(Waiter* waiter, bool* overloaded) CAIRN_REQUIRES(mutex_);
  void HandOver() CAIRN_EXCLUDES(mutex_);

  const BulkheadOptions options_;
  const Clock* const clock_;
  std::atomic<uint64_t> word_;
  StripedCount admitted_;
  std::atomic<uint64_t> overloaded_{0};  // these: relaxed statistics
  std::atomic<uint64_t> timed_out_{0};

  Mutex mutex_;
  std::list<Waiter*> waiters_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::resilience
