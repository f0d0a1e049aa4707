#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "cache/entry.h"

namespace cairn::cache {

/// The hash table of one shard: buckets of one cache line with seven slots and a link to a further
/// bucket. A slot is the entry's pointer with the first 16 bits of its hash above it, so a lookup
/// touches only entries that are almost surely the right ones.
///
/// A chain has at most kMaxChain buckets. A bucket that is full for good is the sign of keys chosen
/// to collide, and a cache may forget: Insert then names an entry to give up, so that no key set
/// makes a lookup slow.
///
/// Readers walk it without a lock, announced in the ReaderRegistry; writers hold the shard's lock.
/// Entries never move within a table. Thread safety: Find with anything; the rest by one at a time.
class Table {
 public:
  struct alignas(64) Bucket {
    static constexpr size_t kSlots = 7;
    std::atomic<uint64_t> slots[kSlots] = {};
    std::atomic<Bucket*> next{nullptr};
  };
  static constexpr size_t kMaxChain = 4;
  static constexpr size_t kEntriesPerBucket = 4;

  /// Null when there is no memory. bucket_count: a power of two.
  static std::unique_ptr<Table> Create(size_t bucket_count);
  ~Table();

  size_t bucket_count() const { return mask_ + 1; }
  size_t bytes() const { return bytes_; }

  /// Where the buckets are and how many, in one word: all that a reader needs. 0 = no table.
  using Head = uint64_t;
  Head head() const {
    return reinterpret_cast<uint64_t>(buckets_) | static_cast<uint64_t>(std::countr_one(mask_));
  }
  static Bucket* BucketIn(Head head, uint64_t hash) {
    const uint64_t mask = (uint64_t{1} << (head & kHeadBits)) - 1;
    return reinterpret_cast<Bucket*>(head & ~kHeadBits) + (hash & mask);
  }

  Entry* Find(uint64_t hash, uint32_t space, std::string_view key) const {
    return FindIn(BucketIn(hash), hash, space, key);
  }
  static Entry* FindIn(Bucket* bucket, uint64_t hash, uint32_t space, std::string_view key) {
    Entry* found = nullptr;
    SlotIn(bucket, hash, space, key, &found);
    return found;
  }

  /// The slot, whose content may change at once unless the lock is held; `found`, when given, gets
  /// the entry that was seen in it.
  std::atomic<uint64_t>* FindSlot(uint64_t hash, uint32_t space, std::string_view key,
                                  Entry** found = nullptr) const {
    return SlotIn(BucketIn(hash), hash, space, key, found);
  }
  static std::atomic<uint64_t>* SlotIn(Bucket* bucket, uint64_t hash, uint32_t space,
                                       std::string_view key, Entry** found);

  enum class Inserted { kYes, kChainFull, kNoMemory };
  /// The key must not be there. kChainFull: *victim is an entry of the chain to take out first.
  Inserted Insert(Entry* entry, Entry** victim);

  /// Puts another entry of the same hash into the slot.
  static void Replace(std::atomic<uint64_t>* slot, Entry* entry) {
    // ordered before the records are read by the fence in ReaderRegistry::Gather
    slot->store(Pack(entry), std::memory_order_release);
  }
  /// Takes out an entry that is there.
  void Remove(const Entry* entry);

  /// Calls visit(Entry*) for all in the buckets [first, last).
  template <typename Visit>
  void ForEach(size_t first, size_t last, Visit visit) const {
    for (size_t i = first; i < last; ++i) {
      for (const Bucket* at = &buckets_[i]; at != nullptr; at = at->next.load()) {
        for (const auto& slot : at->slots) {
          if (Entry* entry = Unpack(slot.load(std::memory_order_seq_cst))) visit(entry);
        }
      }
    }
  }

 private:
  static constexpr uint64_t kHeadBits = alignof(Bucket) - 1;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << 48) - 1;

  explicit Table(Bucket* buckets, size_t count);
  static uint64_t Pack(const Entry* entry) {
    return (reinterpret_cast<uint64_t>(entry) & kPointerMask) | (entry->hash & ~kPointerMask);
  }
  /// A bit for each slot for whose content choose(uint64_t) holds. Looks at all of them without a
  /// branch: where the right one is cannot be foreseen. What it found is to be read anew before it
  /// is believed.
  template <typename Choose>
  static uint32_t Select(const Bucket& bucket, Choose choose) {
    const auto bit = [&](size_t i) {
      return static_cast<uint32_t>(choose(bucket.slots[i].load(std::memory_order_relaxed))) << i;
    };
    static_assert(Bucket::kSlots == 7);
    return bit(0) | bit(1) | bit(2) | bit(3) | bit(4) | bit(5) | bit(6);
  }
  static Entry* Unpack(uint64_t slot) { return reinterpret_cast<Entry*>(slot & kPointerMask); }
  std::atomic<uint64_t>* SlotOf(const Entry* entry) const;
  Bucket* BucketIn(uint64_t hash) const { return &buckets_[hash & mask_]; }

  Bucket* const buckets_;
  const size_t mask_;
  size_t bytes_;
  std::vector<Bucket*> overflow_;
  uint32_t next_victim_ = 0;
};

inline std::atomic<uint64_t>* Table::SlotIn(Bucket* bucket, uint64_t hash, uint32_t space,
                                            std::string_view key, Entry** found) {
  for (Bucket* at = bucket; at != nullptr; at = at->next.load(std::memory_order_acquire)) {
    for (auto& slot : at->slots) {
      const uint64_t seen = slot.load(std::memory_order_seq_cst);
      if (((seen ^ hash) >> 48) != 0 || seen == 0) continue;
      Entry* entry = Unpack(seen);
      if (!entry->Is(hash, space, key)) continue;
      if (found != nullptr) *found = entry;
      return &slot;
    }
  }
  return nullptr;
}

}  // namespace cairn::cache
