#include <new>
#include <thread>

#include "cache/shard.h"

// Entries that were taken out and may still be read.

namespace cairn::cache {
namespace {

constexpr int kWaitForReaders = 1000;

}  // namespace

Shard::~Shard() {
  MutexLock lock(mutex_);
  // What handles still hold is freed by the last of them: see Orphans.
  const bool known = ReaderRegistry::Gather(&announced_);
  const auto end = [&](Entry* entry) {
    const bool held = known ? announced_.Holds(entry, entry->hash) ||
                                  entry->references.load(std::memory_order_acquire) != 0
                            : ReaderRegistry::IsHeld(entry);
    held ? ReaderRegistry::Orphan(entry) : Entry::Free(entry);
  };
  own()->ForEach(0, own()->bucket_count(), end);
  for (Entry* entry : limbo_) end(entry);
}

void Shard::Retire(Entry* entry, RemovalCause cause, Removed* removed) {
  NumbersOf(entry).removed[static_cast<size_t>(cause)].Add(1);
  if (entry->packed()) NumbersOf(entry).CountPacked(*entry, -1);
  try {
    limbo_.push_back(entry);
  } catch (const std::bad_alloc&) {
    return RetireNow(entry);  // the listener misses it
  }
  limbo_bytes_ += entry->charge;
  if (!core_->listening || removed == nullptr) return;
  entry->cause = cause;
  try {
    removed->push_back(entry);
    entry->references.fetch_add(1, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {  // the listener misses one
  }
}

void Shard::RetireNow(Entry* entry) {
  // A reader needs some nanoseconds, and a handle may have no end.
  for (int i = 0; i < kWaitForReaders; ++i) {
    if (!ReaderRegistry::IsHeld(entry)) {
      core_->SpaceOf(entry)->Give(number_, entry->charge);
      budget_.GiveBytes(entry->charge);
      return Entry::Free(entry);
    }
    std::this_thread::yield();
  }
  ReaderRegistry::Orphan(entry);  // its bytes stay taken: lost rather than exceeded
}

uint64_t Shard::Reclaim() {
  if (limbo_.empty()) return 0;
  if (!ReaderRegistry::Gather(&announced_)) return 0;
  if (announced_.tags.empty()) {
    for (const auto& table : old_tables_) core_->budget.GiveBytes(table->bytes());
    old_tables_.clear();
  }
  uint64_t freed = 0;
  size_t kept = 0;
  const bool announced = !announced_.empty();
  for (Entry* entry : limbo_) {
    // References are read last: a pin is turned into a reference before it is taken back.
    if ((announced && announced_.Holds(entry, entry->hash)) ||
        entry->references.load(std::memory_order_acquire) != 0) {
      limbo_[kept++] = entry;
      continue;
    }
    freed += entry->charge;
    core_->SpaceOf(entry)->Give(number_, entry->charge);
    budget_.GiveBytes(entry->charge);
    FreeEntry(entry);
  }
  limbo_.resize(kept);
  limbo_bytes_ -= freed;
  return freed;
}

}  // namespace cairn::cache
