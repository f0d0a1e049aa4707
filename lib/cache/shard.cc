#include "cache/shard.h"

#include <algorithm>
#include <bit>
#include <new>

namespace cairn::cache {
namespace {

/// Table, two rings of up to twice as many slots as entries, sketch, ghost and further buckets.
constexpr uint64_t kBytesPerBucket = 64 + 128 + 32 + 40 + 16;
constexpr size_t kLeastBuckets = 16;
/// Rounds in which evicting frees nothing, because handles hold everything, before giving up.
constexpr int kFruitless = 4;
/// What a shard keeps of the memory that was freed, for entries to come: as much as this, and of a
/// bounded cache no more than that part of its share.
constexpr uint64_t kMostKeptBytes = 32 << 10;
constexpr uint64_t kKeptPart = 256;

uint64_t KeptBytes(const Core& core) {
  if (!core.budget.bounds_bytes()) return kMostKeptBytes;
  return std::min(kMostKeptBytes, core.budget.max_bytes() / core.shard_count / kKeptPart);
}

}  // namespace

uint64_t Shard::OverheadBytes(size_t bucket_count) {
  return sizeof(Shard) + bucket_count * kBytesPerBucket;
}

Shard::Shard(Core* core, uint32_t number, uint64_t expected_entries)
    : core_(core),
      number_(number),
      budget_(&core->budget, KeptBytes(*core)),
      wheel_(core->clock->MonotonicNs()) {
  MutexLock lock(mutex_);
  const size_t buckets =
      std::bit_ceil(std::max<size_t>(kLeastBuckets, expected_entries / Table::kEntriesPerBucket));
  std::unique_ptr<Table> table = Table::Create(buckets);
  if (table == nullptr) throw std::bad_alloc();
  const size_t entries = buckets * Table::kEntriesPerBucket;
  window_.Reserve(entries);
  main_.Reserve(entries);
  sketch_.Resize(entries);
  ghost_.Resize(entries);
  limbo_.reserve(4 * kLimbo);
  overhead_ = OverheadBytes(buckets);
  SetTable(std::move(table));
  core_->budget.TryTakeBytes(overhead_);
}

void Shard::SetTable(std::unique_ptr<Table> table) {
  core_->tables[number_].store(table->head(), std::memory_order_seq_cst);
  table_ = std::move(table);
}

Entry* Shard::Make(const NewEntry& wanted, uint64_t charge, void* block) {
  Entry* entry =
      Entry::Create(wanted.hash, wanted.space->id, wanted.key, wanted.value, wanted.timed, block);
  if (entry == nullptr) return nullptr;
  entry->charge = static_cast<uint32_t>(charge);
  entry->epoch = wanted.epoch;
  if (wanted.negative) entry->flags |= kNegative;
  if (wanted.packed) entry->flags |= kPacked;
  if (wanted.extra_bytes != 0) entry->flags |= kHasExtra;
  if (entry->has_timing()) {
    EntryTiming* timing = entry->timing();
    timing->deadline_ns.store(wanted.deadline_ns, std::memory_order_relaxed);
    timing->fresh_until_ns = wanted.fresh_until_ns;
    timing->idle_ns = wanted.idle_ns;
    timing->longest_ns = wanted.longest_ns;
  }
  return entry;
}

Shard::Outcome Shard::Insert(const NewEntry& wanted, bool others_asked,
                             Removed* removed) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
  const uint64_t charge = wanted.charge();
  const bool copy_outside = wanted.value.size() > kCopiedUnderLock;
  mutex_.Lock();
  sketch_.Prefetch(wanted.hash);
  ghost_.Prefetch(wanted.hash);
  if (wanted.only_if_absent) {
    const Entry* there = own()->Find(wanted.hash, wanted.space->id, wanted.key);
    if (there != nullptr && core_->IsLive(there)) {
      mutex_.Unlock();
      return Outcome::kNotStored;
    }
  }
  Outcome outcome = TakeRoom(wanted, charge, others_asked, removed);
  if (outcome == Outcome::kStored) {
    void* block = TakeBlock(wanted);
    if (copy_outside) mutex_.Unlock();
    Entry* entry = Make(wanted, charge, block);
    if (copy_outside) mutex_.Lock();
    if (entry == nullptr) {
      budget_.GiveBytes(charge);
      wanted.space->Give(number_, charge);
      outcome = Outcome::kNoMemory;
    } else {
      outcome = Publish(entry, others_asked, removed);
      if (outcome != Outcome::kStored) Discard(entry);
    }
  }
  if (outcome == Outcome::kNoRoom || outcome == Outcome::kNoMemory) GiveUp(wanted, removed);
  Tend(removed);
  mutex_.Unlock();
  return outcome;
}

void Shard::GiveUp(const NewEntry& wanted, Removed* removed) {
  Entry* old = own()->Find(wanted.hash, wanted.space->id, wanted.key);
  if (old != nullptr) Unlink(old, RemovalCause::kReplaced, removed);
}

Shard::Outcome Shard::TakeRoom(const NewEntry& wanted, uint64_t charge, bool others_asked,
                               Removed* removed) {
  incoming_ = core_->budget.bounds_bytes() ? charge : 1;
  const Rules& rules = core_->tuner->rules();
  const auto remembered =
      static_cast<size_t>(static_cast<double>(window_.size() + main_.size()) * kGhostShare);
  incoming_known_ = rules.leaving == Rules::Leaving::kPromote &&
                    ghost_.Take(wanted.hash, std::max<size_t>(1, remembered));
  while (!wanted.space->TryTake(number_, charge)) {
    if (!EvictForQuota(wanted.space, removed)) return Outcome::kNoRoom;
    Reclaim();
  }
  const Outcome outcome = TakeBytes(charge, others_asked, removed);
  if (outcome != Outcome::kStored) wanted.space->Give(number_, charge);
  return outcome;
}

Shard::Outcome Shard::TakeBytes(uint64_t charge, bool others_asked, Removed* removed) {
  const Budget& budget = core_->budget;
  if (budget_.TryTakeBytes(charge)) return Outcome::kStored;
  const uint64_t fair = budget.max_bytes() / core_->shard_count;
  if (!others_asked && core_->shard_count > 1 && window_size_ + main_size_ < fair / 2) {
    return Outcome::kNoRoomHere;
  }
  // A few more than needed when there are many, as finding out what readers hold has its price.
  const uint64_t batch = std::max<uint64_t>(charge, fair / 512);
  for (int fruitless = 0; fruitless < kFruitless;) {
    const uint64_t wanted = std::max(batch, limbo_bytes_ + (fruitless > 0 ? charge : 0));
    bool evicted = false;
    while (limbo_bytes_ < wanted && EvictOne(removed)) evicted = true;
    const bool freed = Reclaim() > 0;
    if (budget_.TryTakeBytes(charge)) return Outcome::kStored;
    if (!freed) ++fruitless;
    if (!freed && !evicted) break;
  }
  return others_asked ? Outcome::kNoRoom : Outcome::kNoRoomHere;
}

Shard::Outcome Shard::TakeEntry(bool others_asked, Removed* removed) {
  while (!budget_.TryTakeEntry()) {
    if (!EvictOne(removed)) return others_asked ? Outcome::kNoRoom : Outcome::kNoRoomHere;
  }
  return Outcome::kStored;
}

Shard::Outcome Shard::Publish(Entry* entry, bool others_asked, Removed* removed) {
  Space* space = core_->SpaceOf(entry);
  // Computed before the namespace was bumped: no reader may see it.
  if (space->epoch_now() != entry->epoch) return Outcome::kNotStored;
  sketch_.Add(entry->hash);
  if (!Grow(removed)) return Outcome::kNoMemory;
  Entry* old = own()->Find(entry->hash, entry->space, entry->key());
  if (core_->tuner->Wants(entry->hash)) {
    core_->tuner->RecordMiss(entry->hash, core_->SizeOf(entry), budget_.entries_now(),
                             old != nullptr);
  }
  if (old != nullptr) {
    const uint8_t hits = old->frequency.load(std::memory_order_relaxed);
    entry->frequency.store(hits, std::memory_order_relaxed);
    if (!EnterRings(entry)) return Outcome::kNoMemory;
    if (entry->packed()) space->of(number_).CountPacked(*entry, 1);
    Table::Replace(own()->FindSlot(entry->hash, entry->space, entry->key()), entry);
    LeaveRings(old);
    Retire(old, RemovalCause::kReplaced, removed);
    return Outcome::kStored;
  }
  if (const Outcome taken = TakeEntry(others_asked, removed); taken != Outcome::kStored) {
    return taken;
  }
  if (!EnterRings(entry)) {
    budget_.GiveEntry();
    return Outcome::kNoMemory;
  }
  for (;;) {
    Entry* victim = nullptr;
    const Table::Inserted inserted = own()->Insert(entry, &victim);
    if (inserted == Table::Inserted::kYes) break;
    if (inserted == Table::Inserted::kNoMemory) {
      LeaveRings(entry);
      budget_.GiveEntry();
      return Outcome::kNoMemory;
    }
    Unlink(victim, RemovalCause::kEvicted, removed);
  }
  space->of(number_).entries.Add(1);
  if (entry->packed()) space->of(number_).CountPacked(*entry, 1);
  return Outcome::kStored;
}

void Shard::Discard(Entry* entry) {
  budget_.GiveBytes(entry->charge);
  core_->SpaceOf(entry)->Give(number_, entry->charge);
  FreeEntry(entry);
}

bool Shard::EnterRings(Entry* entry) {
  PolicyRing& ring = incoming_known_ ? main_ : window_;
  if (!ring.MakeRoom()) return false;
  if (core_->SpaceOf(entry)->has_quota()) {
    QuotaRing* quota_ring = QuotaRingOf(entry->space);
    if (quota_ring == nullptr || !quota_ring->MakeRoom()) return false;
    quota_ring->Push(entry);
    entry->timing()->in_quota_ring = true;
  }
  ring.Push(entry);
  entry->place = incoming_known_ ? EntryPlace::kMain : EntryPlace::kWindow;
  (incoming_known_ ? main_size_ : window_size_) += core_->SizeOf(entry);
  if (entry->has_timing()) {
    wheel_.Add(entry);
    ++timed_;
  }
  return true;
}

QuotaRing* Shard::QuotaRingOf(uint32_t space) {
  try {
    return &quota_rings_[space];
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Shard::LeaveRings(Entry* entry) {
  if (entry->place == EntryPlace::kWindow) {
    window_.Remove(entry);
    window_size_ -= core_->SizeOf(entry);
  } else if (entry->place == EntryPlace::kMain) {
    main_.Remove(entry);
    main_size_ -= core_->SizeOf(entry);
  }
  if (entry->has_timing()) {
    wheel_.Remove(entry);
    --timed_;
    if (entry->timing()->in_quota_ring) quota_rings_.find(entry->space)->second.Remove(entry);
    entry->timing()->in_quota_ring = false;
  }
  entry->place = EntryPlace::kNowhere;
}

void Shard::Unlink(Entry* entry, RemovalCause cause, Removed* removed) {
  own()->Remove(entry);
  LeaveRings(entry);
  budget_.GiveEntry();
  NumbersOf(entry).entries.Subtract(1);
  Retire(entry, cause, removed);
}

void Shard::Tend(Removed* removed) {
  if (timed_ != 0) {
    wheel_.Advance(core_->clock->MonotonicNs(), kExpirePerCall,
                   [&](Entry* entry) { Unlink(entry, RemovalCause::kExpired, removed); });
  }
  Settle();
  if (limbo_.size() > limbo_tried_ + kLimbo || limbo_.size() < limbo_tried_) {
    Reclaim();
    limbo_tried_ = limbo_.size();
  }
  size_.store(window_size_ + main_size_, std::memory_order_relaxed);
  GiveBack(budget_.kept_bytes());
}

bool Shard::Grow(Removed* removed) {
  const size_t buckets = own()->bucket_count();
  if (window_.size() + main_.size() < buckets * Table::kEntriesPerBucket) return true;
  const uint64_t more = OverheadBytes(2 * buckets) - OverheadBytes(buckets);
  const uint64_t old_table = own()->bytes();
  // While it cannot have the memory it goes on with longer chains.
  if (!core_->budget.TryTakeBytes(more + old_table)) {
    incoming_ = 0;
    const size_t effort = buckets;
    for (size_t i = 0; i < effort && limbo_bytes_ < more + old_table; ++i) {
      if (!EvictOne(removed)) break;
    }
    Reclaim();
    if (!core_->budget.TryTakeBytes(more + old_table)) return true;
  }
  std::unique_ptr<Table> table = Table::Create(2 * buckets);
  if (table == nullptr) {
    core_->budget.GiveBytes(more + old_table);
    return true;
  }
  try {
    const size_t entries = 2 * buckets * Table::kEntriesPerBucket;
    window_.Reserve(entries);
    main_.Reserve(entries);
    sketch_.Resize(entries);
    ghost_.Resize(entries);
    old_tables_.reserve(old_tables_.size() + 1);
  } catch (const std::bad_alloc&) {
    core_->budget.GiveBytes(more + old_table);
    return true;
  }
  size_t misfits = 0;
  own()->ForEach(0, buckets, [&](Entry* entry) {
    Entry* victim = nullptr;
    const bool fits = table->Insert(entry, &victim) == Table::Inserted::kYes;
    entry->cause = fits ? RemovalCause::kDeleted : RemovalCause::kEvicted;
    misfits += fits ? 0 : 1;
  });
  const Table* old = own();
  old_tables_.push_back(std::move(table_));
  SetTable(std::move(table));
  overhead_ += more;
  if (misfits != 0) {
    old->ForEach(0, buckets, [&](Entry* entry) {
      if (entry->cause == RemovalCause::kEvicted) Unlink(entry, RemovalCause::kEvicted, removed);
    });
  }
  return true;
}

bool Shard::Remove(uint64_t hash, const Space* space, std::string_view key, Removed* removed) {
  MutexLock lock(mutex_);
  Entry* entry = own()->Find(hash, space->id, key);
  if (entry == nullptr) return false;
  const bool live = core_->IsLive(entry);
  Unlink(entry, live ? RemovalCause::kDeleted : CauseOf(entry, RemovalCause::kDeleted), removed);
  Tend(removed);
  return live;
}

bool Shard::MakeRoom(uint64_t bytes, Removed* removed) {
  MutexLock lock(mutex_);
  incoming_ = 0;
  incoming_known_ = false;
  bool evicted = EvictOne(removed);
  const uint64_t wanted = limbo_bytes_ + bytes;
  while (limbo_bytes_ < wanted && EvictOne(removed)) evicted = true;
  const bool freed = Reclaim() > 0;
  Tend(removed);
  GiveBack(0);
  return freed || evicted;
}

bool Shard::Maintain(size_t most, Removed* removed) {
  MutexLock lock(mutex_);
  const bool done = wheel_.Advance(core_->clock->MonotonicNs(), most, [&](Entry* entry) {
    Unlink(entry, RemovalCause::kExpired, removed);
  });
  Reclaim();
  Tend(removed);
  GiveBack(0);
  return !done;
}

}  // namespace cairn::cache
