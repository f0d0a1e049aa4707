#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/mutex.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "limiter/pair.h"
#include "limiter/shard_lock.h"

namespace cairn::limiter {

/// An open-addressing table of fixed-size records, {hash, words}, within a number of bytes.
///
/// Idea. A record whose words say what the words of a new key would say is dead: it is reused for
/// any newcomer at once, so nothing ever needs to be evicted, and a record that is not dead never
/// is. The table is in shards, a shard in buckets of eight records; a hash may be in any of six
/// buckets, and begins to look in one half of a bucket, a cache line of pairs. Shards grow by
/// linear hashing, a bucket at a time, so that the load stays the same at every size: of n buckets,
/// bucket b takes over part of what was in bucket b minus the highest bit of b. The memory of the
/// largest table is reserved as addresses in the beginning, and bucket b of all shards lies side by
/// side. Addresses therefore never become invalid, and a reader without the lock at worst misses a
/// record, and then takes the lock.
///
/// Records of two words (Pair) may be read, and their word changed by ExchangePair, without the
/// lock; everything else, and every change of a record's hash, needs the shard's lock. Hash 0 marks
/// a free record; callers' hashes are not 0.
///
/// Thread safety: as said above. Ownership: owns its memory.
class RecordTable {
 public:
  static constexpr uint32_t kBucketRecords = 8;
  static constexpr uint32_t kProbes = 6;

  /// Which buckets a shard has.
  struct Extent {
    uint32_t buckets = 1;
    uint32_t mask = 0;  ///< the lowest 2^n - 1 that no bucket's number is above

    uint32_t BucketOf(uint32_t place) const {
      const uint32_t bucket = place & mask;
      return bucket < buckets ? bucket : place & (mask >> 1);
    }
    uint32_t probes() const { return std::min(kProbes, mask + 1); }
  };

  /// Both numbers in one word, so that they are of the same moment.
  class AtomicExtent {
   public:
    /// Acquire: pairs with Store.
    Extent Load() const { return Unpack(word_.load(std::memory_order_acquire)); }
    /// Release: pairs with Load.
    void Store(Extent next) {
      word_.store(uint64_t{next.mask} << 32 | next.buckets, std::memory_order_release);
    }

   private:
    static Extent Unpack(uint64_t word) {
      return {static_cast<uint32_t>(word), static_cast<uint32_t>(word >> 32)};
    }
    std::atomic<uint64_t> word_{1};
  };

  struct alignas(64) Shard {
    AtomicExtent extent;
    ShardLock lock;
    uint32_t number = 0;
    bool retired = false;     ///< its records are in another table; guarded by lock
    uint64_t used_count = 0;  ///< records that are not free; guarded by lock
    uint64_t sweep_at = 0;    ///< as many used records are worth looking for dead ones; by lock
    std::unique_ptr<uint64_t[]> overflow;  ///< words that keys without room share; by lock
  };
  /// Says of words whether they are those of a new key. Borrows what it is made from.
  class IsDead {
   public:
    template <typename Test>
    IsDead(const Test& test)  // NOLINT(google-explicit-constructor)
        : test_(&test), call_([](const void* object, const uint64_t* words) {
            return (*static_cast<const Test*>(object))(words);
          }) {}
    bool operator()(const uint64_t* words) const { return call_(test_, words); }

   private:
    const void* test_;
    bool (*call_)(const void*, const uint64_t*);
  };

  /// resource_exhausted when there is no address space for so many bytes.
  static Result<std::unique_ptr<RecordTable>> Create(uint32_t state_words, uint64_t budget_bytes);
  ~RecordTable();
  RecordTable(const RecordTable&) = delete;
  RecordTable& operator=(const RecordTable&) = delete;

  Shard& ShardOf(uint64_t hash) { return shard_list_[ShardNumber(hash)]; }
  std::span<Shard> shards() { return {shard_list_.get(), shard_count()}; }

  /// The record of a hash, or null.
  uint64_t* Find(const Shard& shard, uint64_t hash);
  /// The pair of a hash in the bucket where it most likely is, or null. Calls nothing.
  Pair* FindNear(uint64_t hash) {
    const uint64_t shard = ShardNumber(hash);
    const uint64_t bucket = shard_list_[shard].extent.Load().BucketOf(FirstPlace(hash));
    Pair* const pairs =
        reinterpret_cast<Pair*>(memory_) + ((bucket << shard_bits_) + shard) * kBucketRecords;
    const uint64_t first = FirstRecord(hash);
    for (uint64_t i = 0; i < kBucketRecords; ++i) {
      if (LoadWord(&pairs[first ^ i].hash) == hash) return &pairs[first ^ i];
    }
    return nullptr;
  }

  /// Asks the processor for the place where a hash most likely is.
  void Prefetch(uint64_t hash) {
    const Shard& shard = ShardOf(hash);
    const Extent extent = shard.extent.Load();
    const uint64_t* bucket = BucketAt(shard.number, extent.BucketOf(FirstPlace(hash)));
    PrefetchToWrite(bucket + FirstRecord(hash) * record_words_);
  }

  // The rest needs the shard's lock.

  /// A record for a hash that has none, its words 0; null when there is no room.
  uint64_t* Claim(Shard& shard, uint64_t hash, const IsDead& is_dead) CAIRN_REQUIRES(shard.lock);
  /// Frees a record.
  void Erase(Shard& shard, uint64_t* record) CAIRN_REQUIRES(shard.lock);
  /// Frees dead records, and gives the memory of a shard back when none is left. The number left.
  uint64_t Sweep(Shard& shard, const IsDead& is_dead) CAIRN_REQUIRES(shard.lock);
  /// Calls back for each record that is not free.
  void ForEach(Shard& shard, const std::function<void(uint64_t* record)>& visit)
      CAIRN_REQUIRES(shard.lock);
  /// Frees a record and gives its words, so that whoever works on it without the lock finds it
  /// gone.
  void TakeOut(Shard& shard, uint64_t* record, uint64_t* words_out) CAIRN_REQUIRES(shard.lock);
  /// The words that keys without room share.
  uint64_t* OverflowWords(Shard& shard) CAIRN_REQUIRES(shard.lock);

  /// Gives all memory back; every shard was marked as retired. Readers still find nothing.
  void Discard();

  /// Bytes that records take, used or not; always within the budget.
  uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }
  uint64_t max_records() const { return shard_count() * max_buckets_ * kBucketRecords; }

 private:
  RecordTable(uint32_t record_words, uint32_t shard_bits, uint32_t max_buckets);

  uint64_t ShardNumber(uint64_t hash) const { return (hash >> 1) >> (63 - shard_bits_); }
  /// Numbers that an extent makes buckets of, the first and its distance from the next.
  static uint32_t FirstPlace(uint64_t hash) { return static_cast<uint32_t>(hash); }
  static uint32_t Stride(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) | 1; }
  /// Where in its bucket a hash begins to look; goes on with this number ^ 1, ^ 2 and so forth.
  static uint32_t FirstRecord(uint64_t hash) { return static_cast<uint32_t>(hash >> 29) & 7; }

  uint64_t* BucketAt(uint32_t shard, uint32_t bucket) {
    return memory_ + ((uint64_t{bucket} << shard_bits_) + shard) * bucket_words_;
  }

  /// In all buckets but the first.
  uint64_t* FindFurther(uint32_t shard, Extent extent, uint64_t hash);

  struct Vacancy {
    uint64_t* record = nullptr;
    bool was_free = false;
  };
  Vacancy FindVacancy(Shard& shard, uint64_t hash, const IsDead& is_dead);
  void MakeRoom(Shard& shard, const IsDead& is_dead) CAIRN_REQUIRES(shard.lock);
  /// Frees a record in one of a hash's buckets by moving it to another bucket of its own.
  bool Displace(Shard& shard, uint64_t hash) CAIRN_REQUIRES(shard.lock);
  uint64_t* FreeRecordFor(Shard& shard, uint64_t hash) CAIRN_REQUIRES(shard.lock);
  /// To a free record, or one that nobody looks at yet.
  void Move(uint64_t* from, uint64_t* to);
  void Grow(Shard& shard) CAIRN_REQUIRES(shard.lock);
  void Spread(Shard& shard, uint32_t bucket, Extent next) CAIRN_REQUIRES(shard.lock);
  void Shrink(Shard& shard) CAIRN_REQUIRES(shard.lock);
  /// Puts {hash, 0...} in the place of a free or dead record; false when it came to life.
  bool Take(uint64_t* record, uint64_t hash, const IsDead& is_dead);
  void Clear(uint64_t* record);
  bool IsDeadRecord(const uint64_t* record, const IsDead& is_dead) const;
  /// More used records than that, and the shard should grow.
  static uint64_t GrowAt(const Shard& shard);
  uint64_t shard_count() const { return uint64_t{1} << shard_bits_; }
  bool is_paired() const { return record_words_ == 2; }

  const uint32_t record_words_;
  const uint32_t shard_bits_;
  const uint64_t bucket_words_;
  uint64_t* memory_ = nullptr;
  const std::unique_ptr<Shard[]> shard_list_;
  const uint32_t max_buckets_;  ///< of a shard
  uint64_t reserved_bytes_ = 0;
  std::atomic<uint64_t> memory_bytes_{0};                    // relaxed: a statistic
  Mutex grown_mutex_;                                        // after a shard's lock
  uint32_t grown_count_ CAIRN_GUARDED_BY(grown_mutex_) = 0;  ///< shards of more than a bucket
};

}  // namespace cairn::limiter
