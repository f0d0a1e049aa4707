#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "limiter/pair.h"
#include "limiter/shard_lock.h"

namespace cairn::limiter {

/// An open-addressing table of fixed-size records, {hash, words}, within a number of bytes.
///
/// Idea. A record whose words say what the words of a new key would say is dead: it is reused for
/// any newcomer at once, so nothing ever needs to be evicted, and a record that is not dead never
/// is. The table is in shards, a shard in buckets of eight records; a hash may be in any of six
/// buckets. The memory of the largest table is reserved as addresses in the beginning, and a shard
/// grows in place, by doubling: what was in bucket b is then in b or in b + n. Addresses therefore
/// never become invalid, and a reader without the lock at worst misses a record, and then takes the
/// lock. Shards grow at loads that are spread over a factor of two, so that the whole table is
/// never much larger than it needs to be.
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

  struct alignas(64) Shard {
    std::atomic<uint32_t> mask{0};  ///< buckets - 1; release: pairs with the acquire of a lookup
    ShardLock lock;
    uint32_t number = 0;
    bool retired = false;                  ///< its records are in another table; guarded by lock
    uint64_t used_count = 0;               ///< records that are not free; guarded by lock
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

  Shard& ShardOf(uint64_t hash) { return shards_[MulHigh(hash, shards_.size())]; }
  std::vector<Shard>& shards() { return shards_; }

  /// The record of a hash, or null.
  uint64_t* Find(const Shard& shard, uint64_t hash) {
    const uint32_t mask = shard.mask.load(std::memory_order_acquire);
    uint32_t bucket = FirstBucket(hash);
    const uint32_t step = Stride(hash);
    const uint32_t probes = std::min(kProbes, mask + 1);
    for (uint32_t probe = 0; probe < probes; ++probe, bucket += step) {
      uint64_t* record = BucketAt(shard.number, bucket & mask);
      for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
        if (LoadWord(record) == hash) return record;
      }
      if (probe == 0) PrefetchRest(shard.number, bucket, step, mask, probes);
    }
    return nullptr;
  }

  /// Asks the processor for the place where a hash most likely is.
  void Prefetch(uint64_t hash) {
    const Shard& shard = ShardOf(hash);
    const uint32_t mask = shard.mask.load(std::memory_order_relaxed);
    __builtin_prefetch(BucketAt(shard.number, FirstBucket(hash) & mask), 1);
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
  uint64_t max_records() const { return shards_.size() * max_buckets_ * uint64_t{kBucketRecords}; }

 private:
  RecordTable(uint32_t record_words, uint32_t shard_count, uint32_t max_buckets);

  static uint32_t FirstBucket(uint64_t hash) { return static_cast<uint32_t>(hash); }
  static uint32_t Stride(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) | 1; }

  /// Buckets are laid out by level: bucket 0 of all shards, bucket 1 of all, 2 and 3 of all, 4 to 7
  /// of all, so that a small table is in few pages.
  uint64_t* BucketAt(uint32_t shard, uint32_t bucket) {
    const uint64_t first = bucket == 0 ? 0 : uint64_t{1} << (31 - __builtin_clz(bucket));
    const uint64_t place = bucket == 0 ? shard : first * (shards_.size() + shard - 1) + bucket;
    return memory_ + place * bucket_words_;
  }

  /// Of a hash that is not where it most likely is: asks for all other places at once.
  void PrefetchRest(uint32_t shard, uint32_t bucket, uint32_t step, uint32_t mask,
                    uint32_t probes) {
    for (uint32_t probe = 1; probe < probes; ++probe) {
      const uint64_t* place = BucketAt(shard, (bucket + probe * step) & mask);
      for (uint64_t word = 0; word < bucket_words_; word += 8) __builtin_prefetch(place + word, 1);
    }
  }

  struct Vacancy {
    uint64_t* record = nullptr;
    bool was_free = false;
  };
  Vacancy FindVacancy(Shard& shard, uint64_t hash, const IsDead& is_dead);
  void MakeRoom(Shard& shard, const IsDead& is_dead) CAIRN_REQUIRES(shard.lock);
  void Grow(Shard& shard) CAIRN_REQUIRES(shard.lock);
  void Spread(Shard& shard, uint32_t bucket, uint32_t buckets) CAIRN_REQUIRES(shard.lock);
  void Shrink(Shard& shard) CAIRN_REQUIRES(shard.lock);
  /// Puts {hash, 0...} in the place of a free or dead record; false when it came to life.
  bool Take(uint64_t* record, uint64_t hash, const IsDead& is_dead);
  void Clear(uint64_t* record);
  bool IsDeadRecord(const uint64_t* record, const IsDead& is_dead) const;
  /// More used records than that, and the shard should grow.
  uint64_t GrowAt(const Shard& shard) const;
  uint64_t ShardRecords(const Shard& shard) const {
    return (shard.mask.load(std::memory_order_relaxed) + uint64_t{1}) * kBucketRecords;
  }
  bool is_paired() const { return record_words_ == 2; }

  const uint32_t record_words_;
  const uint64_t bucket_words_;
  const uint32_t max_buckets_;  ///< of a shard; a power of two
  uint64_t* memory_ = nullptr;
  uint64_t reserved_bytes_ = 0;
  std::vector<Shard> shards_;
  std::atomic<uint64_t> memory_bytes_{0};  // relaxed: a statistic
  std::atomic<uint32_t> huge_from_{0};     // relaxed: the level that was last asked for
};

}  // namespace cairn::limiter
