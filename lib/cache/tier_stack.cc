#include "cache/tier_stack.h"

#include <utility>

namespace cairn::cache {

TierStack::TierStack(const CacheOptions& options, const Clock* clock)
    : options_(options.tier_options),
      clock_(clock),
      pool_(options.tier_options.pool != nullptr ? options.tier_options.pool : options.pool) {
  for (const std::shared_ptr<Tier>& tier : options.tiers) {
    tiers_.push_back(std::make_unique<Member>());
    tiers_.back()->tier = tier;
  }
}

TierStack::~TierStack() { Flush(); }

bool TierStack::MayCall(Member* member) {
  int64_t until_ns = member->skip_until_ns.load();
  if (until_ns == 0) return true;
  const int64_t now_ns = clock_->MonotonicNs();
  // One caller tries it; the others go on passing it over until he knows.
  if (now_ns >= until_ns &&
      member->skip_until_ns.compare_exchange_strong(until_ns, now_ns + options_.skip_ns)) {
    return true;
  }
  member->skipped.fetch_add(1, std::memory_order_relaxed);
  return false;
}

bool TierStack::Told(Member* member, const Status& status) {
  if (status.ok()) {
    member->failures_in_row = 0;
    member->skip_until_ns = 0;
    return true;
  }
  member->failures.fetch_add(1, std::memory_order_relaxed);
  {
    MutexLock lock(member->failure_mutex);
    member->last_failure = StrCat(CodeName(status.code()), ": ", status.message());
  }
  if (++member->failures_in_row >= options_.failures_to_skip) {
    member->skip_until_ns = clock_->MonotonicNs() + options_.skip_ns;
  }
  return false;
}

bool TierStack::PayDebts(Member* member, const std::string& space) {
  MutexLock lock(member->mutex);
  SpaceState& state = member->spaces[space];
  if (state.owes_bump) {
    Result<uint64_t> epoch = member->tier->Bump(space, state.known ? state.epoch + 1 : 1);
    if (!Told(member, epoch.status())) return false;
    state = {true, *epoch, false, {}};
  }
  if (!state.owes_deletes.empty()) {
    const std::vector<std::string_view> keys(state.owes_deletes.begin(), state.owes_deletes.end());
    if (!Told(member, member->tier->Delete(space, keys))) return false;
    state.owes_deletes.clear();
  }
  return true;
}

void TierStack::Owe(Member* member, const std::string& space, std::string_view key) {
  MutexLock lock(member->mutex);
  SpaceState& state = member->spaces[space];
  if (state.owes_bump) return;
  state.owes_deletes.emplace(key);
  if (state.owes_deletes.size() <= kMostOwed) return;
  state.owes_deletes.clear();
  state.owes_bump = true;
}

bool TierStack::Learn(Member* member, const std::string& space, uint64_t epoch) {
  MutexLock lock(member->mutex);
  SpaceState& state = member->spaces[space];
  const bool moved = state.known && epoch > state.epoch;
  if (!state.known || moved) state.epoch = epoch;
  state.known = true;
  return moved;
}

bool TierStack::GetOne(Member* member, const std::string& space,
                       std::span<const std::string_view> keys, std::span<TierValue> values_out,
                       uint64_t* epoch_out) {
  if (!MayCall(member) || !PayDebts(member, space)) return false;
  std::vector<std::string_view> wanted;
  std::vector<size_t> places;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (values_out[i].found) continue;
    wanted.push_back(keys[i]);
    places.push_back(i);
  }
  std::vector<TierValue> found(wanted.size());
  uint64_t epoch = 0;
  if (!Told(member, member->tier->Get(space, wanted, found, &epoch))) return false;
  *epoch_out = epoch;
  for (size_t i = 0; i < wanted.size(); ++i) {
    (found[i].found ? member->hits : member->misses).fetch_add(1, std::memory_order_relaxed);
    if (found[i].found) values_out[places[i]] = std::move(found[i]);
  }
  return Learn(member, space, epoch);
}

bool TierStack::Get(const std::string& space, std::span<const std::string_view> keys,
                    std::span<TierValue> values_out) {
  bool moved = false;
  TierEpochs epochs(tiers_.size(), kUnknown);  // as they were before a slower tier was read
  for (size_t at = 0; at < tiers_.size(); ++at) {
    std::vector<bool> before;
    for (const TierValue& value : values_out) before.push_back(value.found);
    if (GetOne(tiers_[at].get(), space, keys, values_out, &epochs[at])) {
      moved = true;
      DropFaster(at, space, before, values_out);
    }
    std::vector<TierWrite> writes;
    bool complete = true;
    for (size_t i = 0; i < keys.size(); ++i) {
      complete = complete && values_out[i].found;
      if (!values_out[i].found || before[i]) continue;
      writes.push_back({keys[i], values_out[i].value, values_out[i].ttl_ns});
    }
    if (!writes.empty()) CopyToFaster(at, space, epochs, writes);
    if (complete) break;
  }
  return moved;
}

void TierStack::DropFaster(size_t at, const std::string& space, const std::vector<bool>& before,
                           std::span<TierValue> values_out) {
  for (size_t i = 0; i < values_out.size(); ++i) {
    if (before[i]) values_out[i].found = false;
  }
  for (size_t faster = 0; faster < at; ++faster) {
    MutexLock lock(tiers_[faster]->mutex);
    tiers_[faster]->spaces[space].owes_bump = true;
  }
}

void TierStack::CopyToFaster(size_t at, const std::string& space, const TierEpochs& epochs,
                             std::span<const TierWrite> writes) {
  for (size_t i = 0; i < at; ++i) {
    if (epochs[i] != kUnknown) SetOne(tiers_[i].get(), space, epochs[i], writes);
  }
}

TierEpochs TierStack::Epochs(const std::string& space) {
  TierEpochs epochs;
  for (auto& member : tiers_) {
    {
      MutexLock lock(member->mutex);
      const SpaceState& state = member->spaces[space];
      if (state.known) {
        epochs.push_back(state.epoch);
        continue;
      }
    }
    epochs.push_back(kUnknown);  // not to be written under
    if (!MayCall(member.get()) || !PayDebts(member.get(), space)) continue;
    Result<uint64_t> epoch = member->tier->Epoch(space);
    if (!Told(member.get(), epoch.status())) continue;
    Learn(member.get(), space, *epoch);
    epochs.back() = *epoch;
  }
  return epochs;
}

void TierStack::SetOne(Member* member, const std::string& space, uint64_t epoch,
                       std::span<const TierWrite> writes) {
  const bool written = epoch != kUnknown && MayCall(member) && PayDebts(member, space) &&
                       Told(member, member->tier->Set(space, epoch, writes));
  (written ? member->written : member->unwritten).fetch_add(writes.size());
  if (written) return;
  for (const TierWrite& write : writes) Owe(member, space, write.key);
}

void TierStack::SetNow(const std::string& space, const TierEpochs& epochs,
                       std::span<const TierWrite> writes) {
  for (size_t i = 0; i < tiers_.size(); ++i) SetOne(tiers_[i].get(), space, epochs[i], writes);
}

void TierStack::Set(const std::string& space, const TierEpochs& epochs,
                    std::span<const TierWrite> writes) {
  if (!options_.write_behind || pool_ == nullptr) return SetNow(space, epochs, writes);
  struct Copy {
    std::string key;
    std::string value;
    int64_t ttl_ns;
  };
  auto copies = std::make_shared<std::vector<Copy>>();
  for (const TierWrite& write : writes) {
    copies->push_back({std::string(write.key), std::string(write.value), write.ttl_ns});
  }
  {
    MutexLock lock(queue_mutex_);
    if (queue_.size() < options_.max_queued_writes) {
      queue_.push_back([this, space, epochs, copies] {
        std::vector<TierWrite> again;
        for (const Copy& copy : *copies) again.push_back({copy.key, copy.value, copy.ttl_ns});
        SetNow(space, epochs, again);
      });
      if (draining_) return;
      draining_ = true;
      copies = nullptr;
    }
  }
  if (copies == nullptr) return pool_->Schedule([this] { DrainQueue(); });
  for (auto& member : tiers_) {
    member->unwritten.fetch_add(writes.size());
    for (const TierWrite& write : writes) Owe(member.get(), space, write.key);
  }
}

void TierStack::DrainQueue() {
  for (;;) {
    std::function<void()> task;
    {
      MutexLock lock(queue_mutex_);
      if (queue_.empty()) {
        draining_ = false;
        queue_idle_.SignalAll();
        return;
      }
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

void TierStack::Flush() {
  MutexLock lock(queue_mutex_);
  while (draining_) queue_idle_.Wait(queue_mutex_);
}

void TierStack::Delete(const std::string& space, std::span<const std::string_view> keys) {
  Flush();  // what was set before must not come after
  for (auto& member : tiers_) {
    if (MayCall(member.get()) && PayDebts(member.get(), space) &&
        Told(member.get(), member->tier->Delete(space, keys))) {
      continue;
    }
    for (std::string_view key : keys) Owe(member.get(), space, key);
  }
}

void TierStack::Bump(const std::string& space) {
  for (auto& member : tiers_) {
    {
      MutexLock lock(member->mutex);
      member->spaces[space].owes_bump = true;
    }
    if (MayCall(member.get())) PayDebts(member.get(), space);
  }
}

std::vector<TierStats> TierStack::Stats() const {
  std::vector<TierStats> all;
  for (const auto& member : tiers_) {
    TierStats stats;
    stats.name = member->tier->name();
    stats.hits = member->hits;
    stats.misses = member->misses;
    stats.failures = member->failures;
    stats.skipped = member->skipped;
    stats.written = member->written;
    stats.unwritten = member->unwritten;
    stats.bytes = member->tier->bytes();
    stats.max_bytes = member->tier->max_bytes();
    stats.skipping = member->skip_until_ns != 0;
    {
      MutexLock lock(member->failure_mutex);
      stats.last_failure = member->last_failure;
    }
    all.push_back(std::move(stats));
  }
  return all;
}

}  // namespace cairn::cache
