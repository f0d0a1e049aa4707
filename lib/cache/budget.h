#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace cairn::cache {

/// The bounds of a cache. Whoever wants memory takes it here first, so at no time more is in use
/// than allowed.
///
/// Thread safety: thread-safe.
class Budget {
 public:
  /// 0 = without that bound.
  Budget(uint64_t max_bytes, uint64_t max_entries)
      : max_bytes_(max_bytes == 0 ? kNone : max_bytes),
        max_entries_(max_entries == 0 ? kNone : max_entries) {}

  bool TryTakeBytes(uint64_t bytes) { return TryAdd(&bytes_, bytes, max_bytes_); }
  bool TryTakeEntry() { return TryAdd(&entries_, 1, max_entries_); }
  void GiveBytes(uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  void GiveEntry() { entries_.fetch_sub(1, std::memory_order_relaxed); }

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  uint64_t max_bytes() const { return max_bytes_; }
  uint64_t max_entries() const { return max_entries_; }
  bool bounds_bytes() const { return max_bytes_ != kNone; }

 private:
  static constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

  static bool TryAdd(std::atomic<uint64_t>* used, uint64_t more, uint64_t most) {
    uint64_t seen = used->load(std::memory_order_relaxed);
    do {
      if (more > most || seen > most - more) return false;
    } while (!used->compare_exchange_weak(seen, seen + more, std::memory_order_relaxed));
    return true;
  }

  const uint64_t max_bytes_;
  const uint64_t max_entries_;
  alignas(64) std::atomic<uint64_t> bytes_{0};
  alignas(64) std::atomic<uint64_t> entries_{0};
};

}  // namespace cairn::cache
