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
  void GiveEntries(uint64_t count) { entries_.fetch_sub(count, std::memory_order_relaxed); }

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  uint64_t max_bytes() const { return max_bytes_; }
  uint64_t max_entries() const { return max_entries_; }
  bool bounds_bytes() const { return max_bytes_ != kNone; }
  bool bounds_entries() const { return max_entries_ != kNone; }

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

/// What one shard has of the budget. What is given back here stays for the next who takes, up to a
/// little, so in the common case nobody touches what the shards share.
///
/// Thread safety: guarded by the shard's lock, but for what Cache sums up.
class ShardBudget {
 public:
  /// kept_bytes: what may be spare between two calls.
  ShardBudget(Budget* budget, uint64_t kept_bytes) : budget_(budget), kept_bytes_(kept_bytes) {}

  bool TryTakeBytes(uint64_t bytes) {
    if (!budget_->bounds_bytes()) return used_bytes_ += bytes, true;
    if (bytes > spare_bytes_) {
      if (!budget_->TryTakeBytes(bytes - spare_bytes_)) return false;
      spare_bytes_ = bytes;
    }
    spare_bytes_ -= bytes;
    return true;
  }
  void GiveBytes(uint64_t bytes) {
    if (budget_->bounds_bytes()) {
      spare_bytes_ += bytes;
    } else {
      used_bytes_ -= bytes;
    }
  }
  bool TryTakeEntry() {
    if (spare_entries_ == 0) return budget_->TryTakeEntry();
    --spare_entries_;
    return true;
  }
  void GiveEntry() { ++spare_entries_; }

  /// How much memory may be kept for entries to come.
  uint64_t spare_bytes() const { return budget_->bounds_bytes() ? spare_bytes_ : kept_bytes_; }
  /// At the end of a call: gives back all but `bytes` and a few entries.
  void GiveBack(uint64_t bytes) {
    if (spare_bytes_ > bytes) {
      budget_->GiveBytes(spare_bytes_ - bytes);
      spare_bytes_ = bytes;
    }
    const uint64_t entries = budget_->bounds_entries() ? 0 : kKeptEntries;
    if (spare_entries_ > entries) {
      budget_->GiveEntries(spare_entries_ - entries);
      spare_entries_ = entries;
    }
  }
  uint64_t kept_bytes() const { return kept_bytes_; }
  /// pooled: bytes of memory kept for entries to come.
  void Publish(uint64_t pooled) {
    bytes_.store(used_bytes_ - spare_bytes_ + pooled, std::memory_order_relaxed);
    entries_.store(0 - spare_entries_, std::memory_order_relaxed);
  }

  /// To be added to what the budget says; wraps around when it is less.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  /// Without those that are spare.
  uint64_t entries_now() const { return budget_->entries() - spare_entries_; }

 private:
  static constexpr uint64_t kKeptEntries = 16;

  Budget* const budget_;
  const uint64_t kept_bytes_;
  uint64_t used_bytes_ = 0;  ///< where bytes have no bound
  uint64_t spare_bytes_ = 0;
  uint64_t spare_entries_ = 0;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> entries_{0};
};

}  // namespace cairn::cache
