#include <algorithm>

#include "cache/shard.h"

// What the rules say about who has to go. See rules.h.

namespace cairn::cache {
namespace {

/// Entries that one eviction passes over at most; then the next one goes, hits or not.
constexpr int kMostSpared = 256;
/// Of the candidates that were seen so often and lose all the same, one in kChance comes in: so
/// nobody keeps a key out by making others collide with it in the sketch.
constexpr uint32_t kWarm = 6;
constexpr uint64_t kChance = 128;
constexpr size_t kMostVictims = 64;

}  // namespace

RemovalCause Shard::CauseOf(const Entry* entry, RemovalCause otherwise) const {
  if (core_->SpaceOf(entry)->epoch_now() != entry->epoch) return RemovalCause::kInvalidated;
  return core_->IsLive(entry) ? otherwise : RemovalCause::kExpired;
}

void Shard::PrefetchNext() {
  const bool haunted = core_->tuner->rules().leaving == Rules::Leaving::kPromote;
  for (PolicyRing* ring : {&window_, &main_}) {
    ring->PrefetchAhead();
    const Entry* next = ring->Next();
    if (next == nullptr) continue;
    core_->Prefetch(number_, next->hash);
    sketch_.Prefetch(next->hash);
    if (haunted) ghost_.Prefetch(next->hash);
  }
}

void Shard::Evict(Entry* entry, Removed* removed) {
  if (core_->tuner->rules().leaving == Rules::Leaving::kPromote) ghost_.Add(entry->hash);
  Unlink(entry, CauseOf(entry, RemovalCause::kEvicted), removed);
  PrefetchNext();
}

uint64_t Shard::WindowTarget(uint64_t capacity) const {
  const double target = static_cast<double>(capacity) * core_->tuner->rules().window;
  return std::max<uint64_t>(1, static_cast<uint64_t>(target + 0.5));
}

bool Shard::EvictOne(Removed* removed) {
  if (!core_->tuning.load(std::memory_order_relaxed)) {
    core_->tuning.store(true, std::memory_order_relaxed);
  }
  const uint64_t freed = core_->budget.bounds_bytes() ? limbo_bytes_ : 0;
  const uint64_t capacity = window_size_ + main_size_ + freed;
  const uint64_t target = WindowTarget(capacity);
  const uint64_t coming = incoming_known_ ? 0 : incoming_ + freed;
  if (IsMainIdle()) return EvictMain(removed);
  for (int spared = 0; !window_.empty(); ++spared) {
    if (!main_.empty() && window_size_ + coming <= target) break;
    if (spared > kMostSpared) {
      Evict(window_.Front(), removed);
      return true;
    }
    if (LeaveWindow(target, capacity, removed) == Step::kEvicted) return true;
  }
  return EvictMain(removed);
}

Shard::Step Shard::LeaveWindow(uint64_t target, uint64_t capacity, Removed* removed) {
  Entry* entry = window_.Front();
  if (entry == nullptr) return Step::kGoOn;
  const uint8_t hits = entry->frequency.load(std::memory_order_relaxed);
  if (!core_->IsLive(entry)) {
    Evict(entry, removed);
    return Step::kEvicted;
  }
  const Rules& rules = core_->tuner->rules();
  if (rules.leaving == Rules::Leaving::kPromote) {
    if (hits < rules.promote_hits) {
      ++since_promotion_;
      NumbersOf(entry).rejected.Add(1);
      Evict(entry, removed);
      return Step::kEvicted;
    }
    sketch_.Add(entry->hash, hits);
    entry->frequency.store(0, std::memory_order_relaxed);
    if (WindowToMain()) return Step::kGoOn;
    Evict(entry, removed);
    return Step::kEvicted;
  }
  if (hits > 0) {
    Spare(&window_);
    return Step::kGoOn;
  }
  const uint64_t coming = incoming_known_ ? incoming_ : 0;
  if (main_size_ + coming + core_->SizeOf(entry) <= capacity - std::min(capacity, target)) {
    if (WindowToMain()) return Step::kGoOn;
    Evict(entry, removed);
    return Step::kEvicted;
  }
  Compete(removed);
  return Step::kEvicted;
}

void Shard::Spare(PolicyRing* ring) {
  Entry* entry = ring->Front();
  if (entry == nullptr) return;
  entry->frequency.store(static_cast<uint8_t>(entry->frequency.load(std::memory_order_relaxed) - 1),
                         std::memory_order_relaxed);
  sketch_.Add(entry->hash);
  ring->Rotate();
  if (const Entry* next = ring->Next()) sketch_.Prefetch(next->hash);
}

bool Shard::IsMainIdle() const {
  return core_->tuner->rules().leaving == Rules::Leaving::kPromote && !main_.empty() &&
         since_promotion_ >= main_.size();
}

bool Shard::WindowToMain() {
  if (!main_.MakeRoom()) return false;
  since_promotion_ = 0;
  Entry* entry = window_.Pop();
  window_size_ -= core_->SizeOf(entry);
  main_.Push(entry);
  main_size_ += core_->SizeOf(entry);
  entry->place = EntryPlace::kMain;
  NumbersOf(entry).admitted.Add(1);
  return true;
}

void Shard::Compete(Removed* removed) {
  Entry* candidate = window_.Front();
  const uint32_t size = core_->SizeOf(candidate);
  const uint32_t wanted = sketch_.Estimate(candidate->hash);
  bool admitted = wanted > 0 && LossFor(size, wanted) < wanted;
  if (!admitted && wanted >= kWarm) {
    chance_ = chance_ * 6364136223846793005u + 1442695040888963407u;
    admitted = (chance_ >> 33) % kChance == 0;
  }
  if (!admitted) {
    NumbersOf(candidate).rejected.Add(1);
    return Evict(candidate, removed);
  }
  for (uint64_t made = 0; made < size && !main_.empty();) {
    made += core_->SizeOf(main_.Front());
    Evict(main_.Front(), removed);
  }
  if (!WindowToMain()) Evict(candidate, removed);
}

uint32_t Shard::LossFor(uint64_t size, uint32_t most) {
  Entry* victim = MainVictim();
  if (victim == nullptr) return most;
  uint64_t room = core_->SizeOf(victim);
  uint32_t loss = core_->IsLive(victim) ? sketch_.Estimate(victim->hash) : 0;
  if (room >= size || loss >= most) return loss;
  Entry* victims[kMostVictims] = {victim};
  size_t count = 1;
  main_.Pop();
  while (room < size && loss < most && count < kMostVictims) {
    victim = MainVictim();
    if (victim == nullptr) break;
    main_.Pop();
    victims[count++] = victim;
    room += core_->SizeOf(victim);
    if (core_->IsLive(victim)) loss += sketch_.Estimate(victim->hash);
  }
  while (count > 0) main_.Unpop(victims[--count]);
  return loss;
}

Entry* Shard::MainVictim() {
  for (int spared = 0; spared < kMostSpared; ++spared) {
    Entry* entry = main_.Front();
    if (entry == nullptr || entry->frequency.load(std::memory_order_relaxed) == 0 ||
        !core_->IsLive(entry)) {
      return entry;
    }
    Spare(&main_);
  }
  return main_.Front();
}

bool Shard::EvictMain(Removed* removed) {
  Entry* victim = MainVictim();
  if (victim == nullptr) victim = window_.Front();
  if (victim == nullptr) return false;
  Evict(victim, removed);
  return true;
}

void Shard::Settle() {
  if (core_->tuning.load(std::memory_order_relaxed)) return;  // evicting does it then
  const Budget& budget = core_->budget;
  const uint64_t bound = budget.bounds_bytes() ? budget.max_bytes() : budget.max_entries();
  const uint64_t fair = bound / core_->shard_count;
  const uint64_t target = WindowTarget(fair);
  for (int moved = 0; moved < 2; ++moved) {
    if (window_size_ <= target || window_.size() < 2) return;
    const uint64_t size = core_->SizeOf(window_.Front());
    if (main_size_ + size > fair - std::min(fair, target)) return;
    if (!WindowToMain()) return;
  }
}

bool Shard::EvictForQuota(Space* space, Removed* removed) {
  const auto found = quota_rings_.find(space->id);
  if (found == quota_rings_.end()) return false;
  QuotaRing& ring = found->second;
  for (int spared = 0; spared < kMostSpared; ++spared) {
    Entry* entry = ring.Front();
    if (entry == nullptr) return false;
    const uint8_t hits = entry->frequency.load(std::memory_order_relaxed);
    if (hits == 0 || !core_->IsLive(entry)) break;
    entry->frequency.store(hits - 1, std::memory_order_relaxed);
    ring.Rotate();
  }
  Entry* entry = ring.Front();
  if (entry == nullptr) return false;
  Unlink(entry, CauseOf(entry, RemovalCause::kEvicted), removed);
  return true;
}

}  // namespace cairn::cache
