#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace cairn {

/// The monotonic clock of the operating system for those who read it all the time: what the
/// processor's counter of ticks says since the system's clock was last read, at most kTrustNs ago.
///
/// Idea. The counter costs a third of the system's clock, but its rate is unknown, and it may be
/// set back when a machine moves to another host. So the counter is only believed for a
/// millisecond; the rate comes from two readings of both clocks kBaseNs or more apart, and is
/// measured anew when the next two disagree with it by more than one in 256. Until a rate is known,
/// and on processors without such a counter, every call reads the system's clock. A reading is
/// within a few microseconds of the system's clock, and may be that much before an earlier one.
///
/// Thread safety: thread-safe. Ownership: borrows the clock and the counter.
class TickClock final : public Clock {
 public:
  static constexpr int64_t kTrustNs = 1'000'000;
  static constexpr int64_t kBaseNs = 50'000'000;

  /// Reads a counter of ticks; instead of the processor's, for tests.
  using Counter = uint64_t (*)();

  explicit TickClock(const Clock* clock, Counter counter = nullptr);

  /// The system's. Lives for ever.
  static const TickClock* System();

  int64_t NowNs() const {
    const uint64_t sequence = sequence_.load(std::memory_order_acquire);
    const uint64_t since = Ticks() - anchor_ticks_.load(std::memory_order_acquire);
    const int64_t anchor_ns = anchor_ns_.load(std::memory_order_acquire);
    const uint64_t rate = rate_.load(std::memory_order_acquire);
    const uint64_t trusted = trusted_ticks_.load(std::memory_order_acquire);
    if (since >= trusted || (sequence & 1) != 0 ||
        sequence_.load(std::memory_order_relaxed) != sequence) [[unlikely]] {
      return ReadSystem();
    }
    return anchor_ns + static_cast<int64_t>((since * rate) >> kRateBits);
  }

  int64_t MonotonicNs() const override { return NowNs(); }
  int64_t UnixNs() const override { return clock_->UnixNs(); }

 private:
  static constexpr int kRateBits = 32;

  uint64_t Ticks() const {
#if defined(__x86_64__)
    if (counter_ == nullptr) [[likely]]
      return __rdtsc();
#endif
    return counter_ == nullptr ? 0 : counter_();
  }
  int64_t ReadSystem() const CAIRN_EXCLUDES(mutex_);
  /// What to do with a reading of both clocks.
  void Learn(uint64_t ticks, int64_t now_ns) const CAIRN_REQUIRES(mutex_);
  /// Nanoseconds per tick, times 2^32, between the base and a reading; 0 when that makes no sense.
  uint64_t RateSinceBase(uint64_t ticks, int64_t now_ns) const CAIRN_REQUIRES(mutex_);
  void MoveAnchor(uint64_t ticks, int64_t now_ns, uint64_t rate) const CAIRN_REQUIRES(mutex_);

  const Clock* const clock_;
  const Counter counter_;
  const bool has_ticks_;
  // A sequence lock: odd while the others change. Each store is a release and pairs with the
  // acquires of NowNs, so that whoever sees a changed value sees the sequence changed as well.
  mutable std::atomic<uint64_t> sequence_{0};
  mutable std::atomic<uint64_t> anchor_ticks_{0};
  mutable std::atomic<int64_t> anchor_ns_{0};
  mutable std::atomic<uint64_t> rate_{0};
  mutable std::atomic<uint64_t> trusted_ticks_{0};  ///< 0: the rate is unknown
  mutable Mutex mutex_;
  mutable uint64_t base_ticks_ CAIRN_GUARDED_BY(mutex_) = 0;
  mutable int64_t base_ns_ CAIRN_GUARDED_BY(mutex_) = INT64_MIN;  ///< none
};

}  // namespace cairn
