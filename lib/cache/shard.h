#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "cache/block_pool.h"
#include "cache/core.h"
#include "cache/entry.h"
#include "cache/entry_ring.h"
#include "cache/ghost.h"
#include "cache/reader_registry.h"
#include "cache/sketch.h"
#include "cache/table.h"
#include "cache/timer_wheel.h"

namespace cairn::cache {

/// What is to be stored.
struct NewEntry {
  uint64_t hash = 0;
  Space* space = nullptr;
  std::string_view key;
  std::string_view value;
  /// The epoch that the value belongs to; nothing is stored when the namespace has moved on.
  uint32_t epoch = 0;
  bool negative = false;
  bool packed = false;  ///< the value is as Packing makes it
  bool only_if_absent = false;
  uint64_t extra_bytes = 0;
  int64_t deadline_ns = TimerWheel::kNever;
  int64_t fresh_until_ns = TimerWheel::kNever;
  int64_t idle_ns = 0;
  int64_t longest_ns = TimerWheel::kNever;

  bool timed = false;
  uint64_t block_bytes = 0;

  /// When all above is set.
  void Measure() {
    timed = deadline_ns != TimerWheel::kNever || space->has_quota();
    block_bytes = Entry::BlockBytes(key.size(), value.size(), timed);
  }
  uint64_t charge() const { return block_bytes + extra_bytes; }
};

/// Entries taken out that the listener has to be told about; each holds a reference.
using Removed = std::vector<Entry*>;

/// A part of the cache: the entries whose hash says so, in a table, two rings, a sketch of what was
/// asked for, and a timer wheel.
///
/// An entry that is taken out waits in the limbo until no reader can reach it and no handle holds
/// it; only then its bytes are given back. Readers use the table, by Core::tables, without a lock.
/// Thread safety: thread-safe.
class Shard {
 public:
  enum class Outcome { kStored, kNotStored, kNoRoomHere, kNoRoom, kNoMemory };

  Shard(Core* core, uint32_t number, uint64_t expected_entries);
  ~Shard();

  /// Unless it stores, an older value of the key is gone as well. kNoRoomHere: other shards should
  /// make room first.
  Outcome Insert(const NewEntry& wanted, bool others_asked, Removed* removed)
      CAIRN_EXCLUDES(mutex_);
  bool Remove(uint64_t hash, const Space* space, std::string_view key, Removed* removed)
      CAIRN_EXCLUDES(mutex_);
  /// Takes out all for which choose(const Entry*) holds, a few thousand at a time under the lock.
  template <typename Choose>
  size_t RemoveIf(RemovalCause cause, Choose choose, Removed* removed) CAIRN_EXCLUDES(mutex_);
  /// Evicts at least `bytes`, or all there is. False when nothing was freed.
  bool MakeRoom(uint64_t bytes, Removed* removed) CAIRN_EXCLUDES(mutex_);
  /// Expires and frees, looking at about `most` entries. True when there is more to do.
  bool Maintain(size_t most, Removed* removed) CAIRN_EXCLUDES(mutex_);
  uint64_t size() const { return size_.load(std::memory_order_relaxed); }
  /// What it takes beyond what the common budget says; may be less than nothing.
  const ShardBudget& budget() const { return budget_; }
  size_t limbo_count() const CAIRN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return limbo_.size();
  }

 private:
  static constexpr size_t kExpirePerCall = 64;
  static constexpr size_t kBucketsPerLock = 256;
  static constexpr size_t kCopiedUnderLock = 4096;
  static constexpr size_t kLimbo = 16;

  static uint64_t OverheadBytes(size_t bucket_count);

  // What the rules say; shard_evict.cc.
  bool EvictOne(Removed* removed) CAIRN_REQUIRES(mutex_);
  /// Asks for the memory that the next eviction is likely to touch.
  void PrefetchNext() CAIRN_REQUIRES(mutex_);
  enum class Step { kGoOn, kEvicted };
  Step LeaveWindow(uint64_t window_target, uint64_t capacity, Removed* removed)
      CAIRN_REQUIRES(mutex_);
  void Compete(Removed* removed) CAIRN_REQUIRES(mutex_);
  /// What the sketch says of the entries of the main ring that would have to go for one of that
  /// size; no more than needed to reach `most`, which it is when there are none.
  uint32_t LossFor(uint64_t size, uint32_t most) CAIRN_REQUIRES(mutex_);
  Entry* MainVictim() CAIRN_REQUIRES(mutex_);
  bool EvictMain(Removed* removed) CAIRN_REQUIRES(mutex_);
  bool IsMainIdle() const CAIRN_REQUIRES(mutex_);
  bool WindowToMain() CAIRN_REQUIRES(mutex_);
  void Spare(PolicyRing* ring) CAIRN_REQUIRES(mutex_);
  void Settle() CAIRN_REQUIRES(mutex_);
  void Evict(Entry* entry, Removed* removed) CAIRN_REQUIRES(mutex_);
  bool EvictForQuota(Space* space, Removed* removed) CAIRN_REQUIRES(mutex_);
  RemovalCause CauseOf(const Entry* entry, RemovalCause otherwise) const;
  uint64_t WindowTarget(uint64_t capacity) const;
  Outcome TakeRoom(const NewEntry& wanted, uint64_t charge, bool others_asked, Removed* removed)
      CAIRN_REQUIRES(mutex_);
  Outcome TakeEntry(bool others_asked, Removed* removed) CAIRN_REQUIRES(mutex_);
  Outcome TakeBytes(uint64_t charge, bool others_asked, Removed* removed) CAIRN_REQUIRES(mutex_);
  Outcome Publish(Entry* entry, bool others_asked, Removed* removed) CAIRN_REQUIRES(mutex_);
  void Discard(Entry* entry) CAIRN_REQUIRES(mutex_);
  void GiveUp(const NewEntry& wanted, Removed* removed) CAIRN_REQUIRES(mutex_);
  Entry* Make(const NewEntry& wanted, uint64_t charge, void* block);
  /// Memory for an entry of that size, if some is kept.
  void* TakeBlock(const NewEntry& wanted) CAIRN_REQUIRES(mutex_) {
    void* block = blocks_.Take(wanted.block_bytes);
    blocks_.Trim(budget_.spare_bytes());
    return block;
  }
  void FreeEntry(Entry* entry) CAIRN_REQUIRES(mutex_) {
    const uint64_t most = std::min(budget_.spare_bytes(), budget_.kept_bytes());
    if (!blocks_.Put(entry, entry->block_bytes(), most)) Entry::Free(entry);
  }
  ShardNumbers& NumbersOf(const Entry* entry) { return core_->SpaceOf(entry)->of(number_); }
  bool EnterRings(Entry* entry) CAIRN_REQUIRES(mutex_);
  QuotaRing* QuotaRingOf(uint32_t space) CAIRN_REQUIRES(mutex_);
  void LeaveRings(Entry* entry) CAIRN_REQUIRES(mutex_);
  /// Takes an entry out of everything and puts it into the limbo.
  void Unlink(Entry* entry, RemovalCause cause, Removed* removed) CAIRN_REQUIRES(mutex_);
  void Retire(Entry* entry, RemovalCause cause, Removed* removed) CAIRN_REQUIRES(mutex_);
  /// Without the limbo, for which there is no memory.
  void RetireNow(Entry* entry) CAIRN_REQUIRES(mutex_);
  /// Frees what nobody holds; the bytes that it gave back.
  uint64_t Reclaim() CAIRN_REQUIRES(mutex_);
  void Tend(Removed* removed) CAIRN_REQUIRES(mutex_);
  /// Gives back what is kept of the budget but `bytes`, and says what there is.
  void GiveBack(uint64_t bytes) CAIRN_REQUIRES(mutex_) {
    budget_.GiveBack(bytes);
    blocks_.Trim(std::min(bytes, budget_.spare_bytes()));
    budget_.Publish(blocks_.bytes());
  }
  bool Grow(Removed* removed) CAIRN_REQUIRES(mutex_);
  Table* own() const CAIRN_REQUIRES(mutex_) { return table_.get(); }
  void SetTable(std::unique_ptr<Table> table) CAIRN_REQUIRES(mutex_);

  Core* const core_;
  const uint32_t number_;
  std::atomic<uint64_t> size_{0};  ///< of the entries, in the unit of the rules

  alignas(64) mutable Mutex mutex_;
  std::unique_ptr<Table> table_ CAIRN_GUARDED_BY(mutex_);  ///< readers have its head from Core
  ShardBudget budget_;  ///< guarded by mutex_, but for reading what it publishes
  BlockPool blocks_ CAIRN_GUARDED_BY(mutex_);
  PolicyRing window_ CAIRN_GUARDED_BY(mutex_);
  PolicyRing main_ CAIRN_GUARDED_BY(mutex_);
  uint64_t window_size_ CAIRN_GUARDED_BY(mutex_) = 0;
  uint64_t main_size_ CAIRN_GUARDED_BY(mutex_) = 0;
  Sketch sketch_ CAIRN_GUARDED_BY(mutex_);
  Ghost ghost_ CAIRN_GUARDED_BY(mutex_);
  TimerWheel wheel_ CAIRN_GUARDED_BY(mutex_);
  std::unordered_map<uint32_t, QuotaRing> quota_rings_ CAIRN_GUARDED_BY(mutex_);
  std::vector<Entry*> limbo_ CAIRN_GUARDED_BY(mutex_);
  uint64_t limbo_bytes_ CAIRN_GUARDED_BY(mutex_) = 0;
  Announced announced_ CAIRN_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Table>> old_tables_ CAIRN_GUARDED_BY(mutex_);
  uint64_t overhead_ CAIRN_GUARDED_BY(mutex_) = 0;
  uint64_t chance_ CAIRN_GUARDED_BY(mutex_) = 0x9E3779B97F4A7C15u;
  /// Of the entry that room is made for: its size, and whether the ghost remembers it.
  uint64_t incoming_ CAIRN_GUARDED_BY(mutex_) = 0;
  bool incoming_known_ CAIRN_GUARDED_BY(mutex_) = false;
  /// Entries that left by the window since one was moved to the main ring; for Rules::kPromote.
  size_t since_promotion_ CAIRN_GUARDED_BY(mutex_) = 0;
  size_t limbo_tried_ CAIRN_GUARDED_BY(mutex_) = 0;  ///< how many nobody could free the last time
  size_t timed_ CAIRN_GUARDED_BY(mutex_) = 0;        ///< entries in the wheel
};

template <typename Choose>
size_t Shard::RemoveIf(RemovalCause cause, Choose choose, Removed* removed) {
  size_t count = 0;
  size_t first = 0;
  const Table* walked = nullptr;
  std::vector<Entry*> chosen;
  for (;;) {
    MutexLock lock(mutex_);
    if (walked != own()) first = 0;  // the table has grown
    walked = own();
    if (first >= walked->bucket_count()) return count;
    const size_t last = std::min(first + kBucketsPerLock, walked->bucket_count());
    chosen.clear();
    walked->ForEach(first, last, [&](Entry* entry) {
      if (choose(const_cast<const Entry*>(entry))) chosen.push_back(entry);
    });
    for (Entry* entry : chosen) Unlink(entry, cause, removed);
    Tend(removed);
    count += chosen.size();
    first = last;
  }
}

}  // namespace cairn::cache
