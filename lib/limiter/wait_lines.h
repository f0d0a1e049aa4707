#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "limiter/decision.h"

namespace cairn::limiter {

/// Those who wait until a key has room, served in the order in which they came, each for as long as
/// it will wait.
///
/// Only the first of a line asks again: after the pause that its last answer told, or when it is
/// told that something was freed. When it leaves, with or without what it wanted, the next is
/// first, and only that one wakes. One that leaves from the middle is no matter to the others.
///
/// Thread safety: thread-safe; nothing is asked under the lock.
class WaitLines {
 public:
  struct Place {
    uint32_t policy = 0;
    uint64_t hash = 0;
    bool operator==(const Place&) const = default;
  };
  struct Answer {
    Decision decision;
    int64_t pause_ns = 0;  ///< 0 = final
  };
  /// Asks once. Without is_first somebody else is before: only to look, whether it helps to wait.
  using Ask = std::function<Answer(bool is_first, int64_t left_ns)>;

  /// wait: instead of waiting, for tests; empty = really.
  WaitLines(const Clock* clock, std::function<void(int64_t ns)> wait)
      : clock_(clock), wait_(std::move(wait)) {}

  /// Asks, waits and asks again until an answer is final, or max_wait_ns have passed without being
  /// first; then it gives the last answer.
  Decision Acquire(Place place, int64_t max_wait_ns, const Ask& ask) CAIRN_EXCLUDES(mutex_);

  /// Something of a key, or of a whole policy, was freed. Cheap when nobody waits.
  void Freed(Place place) CAIRN_EXCLUDES(mutex_);
  void FreedAll(uint32_t policy) CAIRN_EXCLUDES(mutex_);

  uint32_t waiting_count() const { return waiting_.load(); }

 private:
  struct Waiter {
    CondVar turn;
  };
  struct Line {
    std::deque<Waiter*> waiters;
    uint64_t freed_count = 0;
  };
  struct HashOfPlace {
    size_t operator()(const Place& place) const { return place.hash + place.policy; }
  };

  Decision WaitIn(Line* line, Waiter* self, int64_t deadline_ns, const Ask& ask)
      CAIRN_REQUIRES(mutex_);
  void Pause(Waiter* self, int64_t ns) CAIRN_REQUIRES(mutex_);
  void Leave(Place place, Waiter* self) CAIRN_REQUIRES(mutex_);
  static void Tell(Line* line);

  const Clock* const clock_;
  const std::function<void(int64_t ns)> wait_;
  // Sequentially consistent: whoever frees something after one who waits has asked sees that one
  // waits, and then needs the mutex to tell it.
  std::atomic<uint32_t> waiting_{0};
  Mutex mutex_;
  std::unordered_map<Place, Line, HashOfPlace> lines_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::limiter
