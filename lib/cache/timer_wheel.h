#pragma once

#include <array>
#include <cstdint>

#include "cache/entry.h"

namespace cairn::cache {

/// When entries expire: lists by deadline, in rings of 64 whose slots are ever longer, from 67 ms
/// to some years (Varghese and Lauck, Hashed and Hierarchical Timing Wheels, SOSP 1987). Adding and
/// removing cost O(1); so does passing time, however much of it. Expiry is checked on every read,
/// so the wheel only gives back the memory.
///
/// Thread safety: none of its own; guarded by the shard's lock.
class TimerWheel {
 public:
  explicit TimerWheel(int64_t now_ns);

  /// By the deadline of its timing; a deadline of kNever is not kept.
  void Add(Entry* entry);
  void Remove(Entry* entry);

  /// Lets time pass, then takes out and gives to expire(Entry*) the entries whose deadline is over;
  /// looks at `most` entries. False when there may be more.
  template <typename Expire>
  bool Advance(int64_t now_ns, size_t most, Expire expire) {
    Turn(now_ns);
    for (; due().next != &due(); --most) {
      if (most == 0) return false;
      Entry* entry = Entry::OfTiming(due().next);
      Remove(entry);
      if (entry->timing()->deadline_ns.load(std::memory_order_relaxed) <= now_ns) {
        expire(entry);
      } else {
        Add(entry);
      }
    }
    return true;
  }

  static constexpr int64_t kNever = INT64_MAX;

 private:
  static constexpr int kLevels = 6;
  static constexpr int kSlots = 64;
  static constexpr int kFirstShift = 26;

  static constexpr int ShiftOf(int level) { return kFirstShift + 6 * level; }
  TimerLink& due() { return lists_[kLevels * kSlots]; }
  void Turn(int64_t now_ns);

  /// The last is of those whose slot has passed.
  std::array<TimerLink, kLevels * kSlots + 1> lists_;
  int64_t now_ns_;
};

}  // namespace cairn::cache
