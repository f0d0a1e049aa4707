#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cairn::cache {

struct Entry;

/// Why an entry left the cache. The values are part of the ABI.
enum class RemovalCause : uint8_t {
  kDeleted = 0,      ///< asked for by key or by prefix, or by clear
  kReplaced = 1,     ///< another value was set
  kEvicted = 2,      ///< to make room, or not admitted
  kExpired = 3,      ///< its time was over
  kInvalidated = 4,  ///< its namespace was bumped
};
constexpr size_t kRemovalCauses = 5;

/// A place in a circular list.
struct TimerLink {
  TimerLink* previous = nullptr;
  TimerLink* next = nullptr;  ///< null = in no list
};

/// For entries that can expire, or whose namespace has a quota.
struct EntryTiming {
  TimerLink link;  ///< in a list of the timer wheel; guarded by the shard's lock
  /// From this monotonic time on the entry is gone; moved by readers when it has an idle time.
  std::atomic<int64_t> deadline_ns{0};
  int64_t fresh_until_ns = 0;  ///< from then on the value is stale; at most the first deadline
  int64_t idle_ns = 0;         ///< 0 = reading does not prolong its life
  int64_t longest_ns = 0;      ///< reading never moves the deadline beyond this
  uint32_t quota_position = 0;
  bool in_quota_ring = false;  ///< guarded by the shard's lock
};

enum EntryFlags : uint8_t {
  kHasTiming = 1,
  kNegative = 2,
  kHasExtra = 4,
  kPacked = 8,
  kAlone = 16
};
enum class EntryPlace : uint8_t { kNowhere = 0, kWindow = 1, kMain = 2 };

/// Whether two keys of one length are the same. Most keys are short: without a call, and for eight
/// bytes or more in steps of eight, the last of which overlaps.
inline bool SameBytes(const char* a, const char* b, size_t size) {
  if (size > 64) return std::memcmp(a, b, size) == 0;
  if (size < 8) {
    for (size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  const auto differ = [a, b](size_t at) {
    uint64_t left;
    uint64_t right;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left ^ right;
  };
  uint64_t different = differ(size - 8);
  for (size_t at = 0; at + 8 < size; at += 8) different |= differ(at);
  return different == 0;
}

/// One key and its value, in one block of memory: this header, EntryTiming where it has one, the
/// key, the value and a NUL. Key, value and what is not atomic never change while others can see
/// the entry, except what is marked as the shard's.
struct Entry {
  uint64_t hash = 0;
  /// Handles that found no free slot in their thread's record, and whoever else keeps it.
  std::atomic<uint32_t> references{0};
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
  uint32_t charge = 0;  ///< bytes of the block as the allocator rounds them, plus extra_bytes
  uint32_t space = 0;
  uint32_t epoch = 0;
  uint32_t ring_position = 0;         ///< guarded by the shard's lock
  std::atomic<uint8_t> frequency{0};  ///< hits since the hand came by, at most kMaxFrequency
  uint8_t flags = 0;
  EntryPlace place = EntryPlace::kNowhere;  ///< guarded by the shard's lock
  RemovalCause cause = RemovalCause::kDeleted;

  static constexpr uint8_t kMaxFrequency = 3;
  static constexpr uint32_t kMaxKeyBytes = 1u << 20;
  static constexpr uint32_t kMaxValueBytes = 1u << 30;

  bool has_timing() const { return (flags & kHasTiming) != 0; }
  bool negative() const { return (flags & kNegative) != 0; }
  bool packed() const { return (flags & kPacked) != 0; }  ///< the value is as Packing makes it
  bool alone() const { return (flags & kAlone) != 0; }    ///< in no cache; ends with its handle
  bool has_extra() const { return (flags & kHasExtra) != 0; }
  EntryTiming* timing() { return reinterpret_cast<EntryTiming*>(this + 1); }
  const EntryTiming* timing() const { return reinterpret_cast<const EntryTiming*>(this + 1); }
  const char* key_data() const {
    return reinterpret_cast<const char*>(this + 1) + (has_timing() ? sizeof(EntryTiming) : 0);
  }
  std::string_view key() const { return {key_data(), key_bytes}; }
  std::string_view value() const { return {key_data() + key_bytes, value_bytes}; }
  bool Is(uint64_t other_hash, uint32_t other_space, std::string_view other_key) const {
    return hash == other_hash && space == other_space && key_bytes == other_key.size() &&
           SameBytes(key_data(), other_key.data(), key_bytes);
  }
  /// Of an entry that has left its cache, in the place of what only the cache needs.
  Entry* orphan_next() const {
    return reinterpret_cast<Entry*>(static_cast<uintptr_t>(space) << 32 | charge);
  }
  void set_orphan_next(Entry* next) {
    charge = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(next));
    space = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(next) >> 32);
  }
  static Entry* OfTiming(TimerLink* link) { return reinterpret_cast<Entry*>(link) - 1; }
  /// Counts a hit. Relaxed: a lost one orders nothing.
  void Touch() {
    const uint8_t seen = frequency.load(std::memory_order_relaxed);
    if (seen < kMaxFrequency) frequency.store(seen + 1, std::memory_order_relaxed);
  }

  static uint64_t WantedBytes(size_t key_bytes, size_t value_bytes, bool timed) {
    return sizeof(Entry) + (timed ? sizeof(EntryTiming) : 0) + key_bytes + value_bytes + 1;
  }
  /// Bytes that an entry takes from the allocator: glibc rounds, and takes large blocks as pages of
  /// their own.
  static uint64_t BlockBytes(size_t key_bytes, size_t value_bytes, bool timed) {
    const uint64_t wanted = WantedBytes(key_bytes, value_bytes, timed) + kMallocHeader;
    if (wanted >= kMappedFrom) return (wanted + kMallocHeader + kPage - 1) & ~(kPage - 1);
    return (wanted + kMallocAlign - 1) & ~(kMallocAlign - 1);
  }
  /// The same of an entry that is there.
  uint64_t block_bytes() const {
    return has_extra() ? BlockBytes(key_bytes, value_bytes, has_timing()) : charge;
  }
  /// Null when there is no memory. block: of BlockBytes, for it to live in; null = a new one.
  static Entry* Create(uint64_t hash, uint32_t space, std::string_view key, std::string_view value,
                       bool timed, void* block = nullptr);
  /// The same, with its value to be written to value_room before anybody sees it.
  static Entry* CreateRoom(uint64_t hash, uint32_t space, std::string_view key, size_t value_bytes,
                           bool timed, void* block = nullptr);
  char* value_room() { return const_cast<char*>(key_data()) + key_bytes; }
  static void Free(Entry* entry);

 private:
  static constexpr uint64_t kMallocHeader = 8;
  static constexpr uint64_t kMallocAlign = 16;
  static constexpr uint64_t kMappedFrom = 128 << 10;
  static constexpr uint64_t kPage = 4096;
};
static_assert(sizeof(Entry) == 40);

}  // namespace cairn::cache
