#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cairn::resilience {

/// One result as the windows keep it.
struct Mark {
  bool failed = false;
  bool slow = false;
};

struct WindowCounts {
  uint64_t calls = 0;
  uint64_t failures = 0;
  uint64_t slow = 0;
};

/// The last N results, without a lock.
///
/// A ring of marks and one word with the sums over it. Adding takes the next place; when the mark
/// there is the same already, nothing else is written. Otherwise the new mark goes into the sums
/// before it goes into the ring, and the mark it displaced leaves the sums afterwards, so the sums
/// are never less than what the ring holds, and equal it when nobody is adding.
///
/// Thread safety: thread-safe, lock-free.
class CallWindow {
 public:
  explicit CallWindow(uint32_t calls);

  void Add(Mark mark);
  WindowCounts Counts() const;

  /// Forgets all results. Concurrent ones may or may not be forgotten.
  void Clear();

 private:
  void Replace(uint32_t place, uint8_t mark);

  const uint32_t size_;
  // Relaxed throughout: each word is right by itself, and a reader of the sums wants no more than
  // some recent value. Whoever adds reads the sums in program order after its own change.
  std::atomic<uint32_t> next_{0};
  std::atomic<uint64_t> sums_{0};  // calls, failures, slow: 21 bits each
  const std::unique_ptr<std::atomic<uint8_t>[]> ring_;
};

/// Results of about the last `window_ns`, without a lock.
///
/// Sixteen buckets of time; the window is the one that time is in and the fifteen before it. Each
/// bucket has three words, for calls, failures and slow calls: {generation, turn of the ring,
/// count}. A word whose tag is not the wanted one counts as zero, so neither time that passes nor a
/// new generation needs anybody to clean up.
///
/// Thread safety: thread-safe, lock-free.
class TimeWindow {
 public:
  static constexpr uint32_t kBuckets = 16;

  explicit TimeWindow(int64_t window_ns) : bucket_ns_((window_ns + kBuckets - 1) / kBuckets) {}

  /// Adds a result of the given generation, and returns true when a failure or a slow call is in
  /// the window, so that it pays to look at the counts. A result of an earlier generation than what
  /// is in the window is dropped.
  bool Add(uint32_t generation, int64_t now_ns, Mark mark);

  WindowCounts Counts(uint32_t generation, int64_t now_ns) const;

  /// Begins a generation. Called before any result of it is added; not by two threads at once.
  void Clear(uint32_t generation);

 private:
  struct alignas(32) Bucket {
    std::atomic<uint64_t> calls{0};
    std::atomic<uint64_t> failures{0};
    std::atomic<uint64_t> slow{0};
  };

  /// The number of the bucket of time that now_ns is in, counted from the clock's origin.
  uint64_t Epoch(int64_t now_ns) const;

  const int64_t bucket_ns_;
  // Relaxed: saves a division and may be any epoch.
  mutable std::atomic<uint64_t> last_epoch_{0};
  // Relaxed: one more than the epoch of the last failure or slow call.
  std::atomic<uint64_t> last_bad_{0};
  std::array<Bucket, kBuckets> buckets_;
};

}  // namespace cairn::resilience
