#pragma once

#include <atomic>
#include <cstdint>

namespace cairn {

/// The source of time, injected so that tests need no sleep. Thread safety: thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Nanoseconds on a monotonic clock with an arbitrary origin.
  virtual int64_t MonotonicNs() const = 0;

  /// Nanoseconds since the Unix epoch.
  virtual int64_t UnixNs() const = 0;

  /// The clock of the operating system. Lives for ever.
  static const Clock* System();
};

/// A clock that moves only when told to. Thread safety: thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t start_ns = 0) : now_ns_(start_ns) {}
  int64_t MonotonicNs() const override { return now_ns_.load(); }
  int64_t UnixNs() const override { return now_ns_.load(); }
  void Advance(int64_t delta_ns) { now_ns_.fetch_add(delta_ns); }
  void Set(int64_t now_ns) { now_ns_.store(now_ns); }

 private:
  std::atomic<int64_t> now_ns_;
};

}  // namespace cairn
