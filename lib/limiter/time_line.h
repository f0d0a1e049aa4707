#pragma once

#include <atomic>
#include <cstdint>

#include "base/mutex.h"

namespace cairn::limiter {

/// Turns the times that callers bring into a time that starts at 0 and that nobody can bend.
///
/// A time before the newest one counts as the newest: nothing is refilled twice, and a thread that
/// read its clock long ago gains nothing. When the clock itself was set back, times go on from the
/// newest one as soon as the clock has been seen to run for kPatienceNs without anybody at the
/// former time, so nobody is locked out until the clock has caught up. A step forward counts at
/// most as max_step_ns, after which every allowance is full anyway.
///
/// Thread safety: thread-safe; a call takes no lock unless kGrainNs have passed or time went back.
class TimeLine {
 public:
  static constexpr int64_t kGrainNs = 1'000'000;
  static constexpr int64_t kPatienceNs = 100'000'000;

  explicit TimeLine(int64_t max_step_ns) : max_step_ns_(max_step_ns) {}

  /// Nanoseconds since the first call.
  int64_t At(int64_t now_ns) {
    int64_t time = 0;
    return TryAt(now_ns, &time) ? time : Settle(now_ns);
  }

  /// The same without a call, where that is possible.
  bool TryAt(int64_t now_ns, int64_t* time_out) const {
    *time_out = Wrap(now_ns, offset_.load(std::memory_order_relaxed));
    const uint64_t ahead = static_cast<uint64_t>(*time_out) -
                           static_cast<uint64_t>(newest_.load(std::memory_order_relaxed));
    return ahead < static_cast<uint64_t>(kGrainNs);
  }

  /// The time of the newest call, to within kGrainNs; 0 before the first. Asks no clock, since only
  /// callers know which one they use.
  int64_t Newest() const {
    const int64_t newest = newest_.load(std::memory_order_relaxed);
    return newest < 0 ? 0 : newest;
  }

  void SetMaxStep(int64_t max_step_ns) CAIRN_EXCLUDES(mutex_);

 private:
  int64_t Settle(int64_t now_ns) CAIRN_EXCLUDES(mutex_);
  int64_t Behind(int64_t time) CAIRN_REQUIRES(mutex_);
  static int64_t Wrap(int64_t now_ns, int64_t offset) {
    return static_cast<int64_t>(static_cast<uint64_t>(now_ns) + static_cast<uint64_t>(offset));
  }

  // Relaxed: each is a hint on its own, and whoever needs both takes the mutex. `newest_` lags by
  // less than kGrainNs behind the newest time; before the first call it is far from every time.
  std::atomic<int64_t> offset_{0};
  std::atomic<int64_t> newest_{INT64_MIN};
  Mutex mutex_;
  int64_t max_step_ns_ CAIRN_GUARDED_BY(mutex_);
  bool started_ CAIRN_GUARDED_BY(mutex_) = false;
  bool suspects_ CAIRN_GUARDED_BY(mutex_) = false;
  int64_t suspect_ CAIRN_GUARDED_BY(mutex_) = 0;  ///< earliest time of a clock that went back
};

}  // namespace cairn::limiter
