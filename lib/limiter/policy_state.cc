#include "limiter/policy_state.h"

#include <algorithm>
#include <span>
#include <utility>

namespace cairn::limiter {
namespace {

/// Marks a permit of those that keys without room share.
constexpr uint64_t kSharedPermit = uint64_t{1} << 63;

/// Longer than any allowance takes to be full again.
int64_t MaxStepNs(const ReadyPolicy& ready) { return 2 * ready.span_ns + 1'000'000'000; }

}  // namespace

bool ReadyPolicy::IsDead(const uint64_t* words, int64_t time) const {
  for (size_t i = 0; i < rule_count; ++i) {
    if (!meters[i].IsDead(words + word_at[i], time)) return false;
  }
  return true;
}

Decision ReadyPolicy::Read(const uint64_t* words, int64_t time, uint64_t cost,
                           Intent intent) const {
  Reading first = meters[0].Read(words, time, cost, intent);
  size_t told = 0;
  Reading telling = first;
  for (size_t i = 1; i < rule_count; ++i) {
    const Reading reading = meters[i].Read(words + word_at[i], time, cost, intent);
    const bool tells = reading.fits && telling.fits
                           ? Uint128{reading.remaining} * meters[told].capacity() <
                                 Uint128{telling.remaining} * meters[i].capacity()
                           : !reading.fits && (telling.fits || reading.retry_ns > telling.retry_ns);
    if (!tells) continue;
    told = i;
    telling = reading;
  }
  return Tell(told, telling);
}

uint64_t ReadyPolicy::Charge(uint64_t* words, int64_t time, uint64_t cost) const {
  uint64_t permit = 0;
  for (size_t i = 0; i < rule_count; ++i) {
    permit += meters[i].Charge(words + word_at[i], time, cost);
  }
  return permit;
}

std::unique_ptr<ReadyPolicy> PolicyState::Prepare(const Policy& policy) {
  auto ready = std::make_unique<ReadyPolicy>();
  ready->policy = policy;
  ready->rule_count = static_cast<uint8_t>(policy.rules.size());
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    ready->meters[i] = Meter(ready->policy.rules[i]);
    ready->names[i] = ready->policy.rules[i].name;
  }
  return ready;
}

/// After the meters are settled.
void PolicyState::LayOut(ReadyPolicy* ready) {
  for (size_t i = 0; i < ready->rule_count; ++i) {
    ready->word_at[i] = static_cast<uint16_t>(ready->state_words);
    ready->state_words += ready->meters[i].words();
    ready->span_ns = std::max(ready->span_ns, ready->meters[i].span_ns());
  }
  ready->paired = kHasPairExchange && ready->rule_count == 1 && !ready->meters[0].sliced();
  if (ready->paired && ready->meters[0].algorithm() == Algorithm::kGcra) {
    ready->most_lean_cost = ready->meters[0].capacity();
  }
}

Result<std::unique_ptr<PolicyState>> PolicyState::Create(const Policy& policy) {
  std::unique_ptr<ReadyPolicy> ready = Prepare(policy);
  LayOut(ready.get());
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<RecordTable> table,
                         RecordTable::Create(ready->state_words, policy.memory_bytes));
  ready->SetTable(std::move(table));
  return std::unique_ptr<PolicyState>(new PolicyState(std::move(ready)));
}

PolicyState::PolicyState(std::unique_ptr<ReadyPolicy> ready)
    : ready_(ready.get()), time_line_(MaxStepNs(*ready)) {
  versions_.push_back(std::move(ready));
}

void PolicyState::Publish(std::unique_ptr<ReadyPolicy> next) {
  time_line_.SetMaxStep(MaxStepNs(*next));
  ready_.store(next.get(), std::memory_order_release);
  versions_.push_back(std::move(next));
}

Status PolicyState::Change(const Policy& policy) {
  MutexLock lock(change_mutex_);
  const ReadyPolicy& before = *ready();
  if (policy == before.policy) return OkStatus();
  std::unique_ptr<ReadyPolicy> next = Prepare(policy);
  const int64_t time = time_line_.Newest();
  Continuities continuities;
  continuities.fill(Continuity::kNone);
  bool stays =
      policy.memory_bytes == before.policy.memory_bytes && next->rule_count == before.rule_count;
  for (size_t i = 0; i < std::min(next->rule_count, before.rule_count); ++i) {
    continuities[i] = next->meters[i].ContinueFrom(before.meters[i], time);
    stays = stays && continuities[i] == Continuity::kSame;
  }
  LayOut(next.get());
  if (!stays) return CarryOver(std::move(next), continuities, time);
  next->SetTable(before.table);
  Publish(std::move(next));
  Settle(before);
  return OkStatus();
}

void PolicyState::Settle(const ReadyPolicy& before) {
  const ReadyPolicy& ready = *this->ready();
  for (size_t rule = 0; rule < ready.rule_count; ++rule) {
    const Meter& meter = ready.meters[rule];
    if (!meter.NeedsSettling(before.meters[rule])) continue;
    for (Shard& shard : ready.keys->shards()) {
      ShardHold hold(shard.lock);
      ready.keys->ForEach(shard, [&](uint64_t* record) {
        uint64_t* word = record + 1 + ready.word_at[rule];
        if (!ready.paired) {
          *word = meter.SettledWord(*word);
          return;
        }
        Pair seen{};
        do {
          seen = {LoadWord(record), LoadWord(word)};
        } while (!ExchangePair(reinterpret_cast<Pair*>(record), seen,
                               {seen.hash, meter.SettledWord(seen.word)}));
      });
    }
  }
}

namespace {

/// The words of a key under a changed policy.
void CarryWords(const ReadyPolicy& before, const ReadyPolicy& next,
                std::span<const Continuity> continuities, int64_t time, const uint64_t* from,
                uint64_t* to) {
  std::fill_n(to, next.state_words, 0);
  for (size_t i = 0; i < next.rule_count; ++i) {
    if (continuities[i] == Continuity::kNone) continue;
    const uint64_t* words = from + before.word_at[i];
    if (continuities[i] == Continuity::kSame) {
      std::copy_n(words, next.meters[i].words(), to + next.word_at[i]);
      if (next.meters[i].NeedsSettling(before.meters[i])) {
        to[next.word_at[i]] = next.meters[i].SettledWord(words[0]);
      }
    } else {
      next.meters[i].CopyWords(before.meters[i], time, words, to + next.word_at[i]);
    }
  }
}

}  // namespace

// The analysis cannot follow locks in a loop.
Status PolicyState::CarryOver(std::unique_ptr<ReadyPolicy> next, const Continuities& continuities,
                              int64_t time) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
  const ReadyPolicy& before = *ready();
  RecordTable& former = *before.table;
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<RecordTable> table,
                         RecordTable::Create(next->state_words, next->policy.memory_bytes));
  next->SetTable(std::move(table));
  const auto was_dead = [&](const uint64_t* words) { return before.IsDead(words, time); };
  const auto is_dead = [&](const uint64_t* words) { return next->IsDead(words, time); };
  for (Shard& shard : former.shards()) shard.lock.Lock();
  uint64_t live = 0;
  for (Shard& shard : former.shards()) live += former.Sweep(shard, was_dead);
  const uint64_t room = next->table->max_records() / 4 * 3;
  const bool fits =
      live <= room || std::all_of(continuities.begin(), continuities.end(),
                                  [](Continuity c) { return c == Continuity::kNone; });
  std::vector<uint64_t> from(before.state_words);
  std::vector<uint64_t> to(next->state_words);
  for (Shard& shard : former.shards()) {
    if (!fits) break;
    former.ForEach(shard, [&](uint64_t* record) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
      const uint64_t hash = LoadWord(record);
      former.TakeOut(shard, record, from.data());
      CarryWords(before, *next, continuities, time, from.data(), to.data());
      if (is_dead(to.data())) return;
      uint64_t* place = next->table->Claim(next->table->ShardOf(hash), hash, is_dead);
      // Without room it shares the allowance of all such keys from now on.
      for (size_t i = 0; place != nullptr && i < to.size(); ++i) StoreWord(place + 1 + i, to[i]);
    });
    shard.retired = true;
  }
  if (fits) Publish(std::move(next));
  for (Shard& shard : former.shards()) shard.lock.Unlock();
  if (!fits) {
    return Error(Code::kResourceExhausted, "policy \"", before.policy.name, "\": there are ", live,
                 " keys in use, and the memory it should have has room for ", room);
  }
  former.Discard();
  return OkStatus();
}

Decision PolicyState::Impossible(const ReadyPolicy& ready, uint64_t cost) const {
  size_t rule = 0;
  while (ready.meters[rule].IsPossible(cost)) ++rule;
  Decision decision;
  decision.outcome = Outcome::kImpossible;
  decision.rule_index = static_cast<uint8_t>(rule);
  decision.limit = ready.meters[rule].capacity();
  decision.rule = ready.names[rule];
  return decision;
}

bool PolicyState::StepPair(const Meter& meter, Pair* pair, Key key, uint64_t cost, Intent intent,
                           int64_t time, Reading* reading) {
  for (;;) {
    const uint64_t word = LoadWord(&pair->word);
    uint64_t next = 0;
    const bool fits = meter.Step(word, time, cost, intent, &next, reading);
    if (!fits || intent == Intent::kPeek) {
      // The word was this key's if the record is still the key's.
      return LoadWord(&pair->hash) == key.hash;
    }
    if (ExchangePair(pair, {key.hash, word}, {key.hash, next})) return true;
    if (LoadWord(&pair->hash) != key.hash) return false;
  }
}

Decision PolicyState::CheckFurther(Key key, uint64_t cost, int64_t now_ns) {
  const ReadyPolicy& ready = *this->ready();
  cost += cost == 0 ? 1 : 0;
  const int64_t time = time_line_.At(now_ns);
  Reading reading;
  const bool known = ReadPair(ready, key, cost, Intent::kCharge, time, &reading);
  if (known) {
    tallies_.CountFirst(reading.fits);
    return ready.Tell(0, reading);
  }
  const Decision decision = DecideLocked(key, cost, Intent::kCharge, time);
  tallies_.Count(decision);
  return decision;
}

Decision PolicyState::Peek(Key key, uint64_t cost, int64_t now_ns) {
  const ReadyPolicy& ready = *this->ready();
  cost += cost == 0 ? 1 : 0;
  const int64_t time = time_line_.At(now_ns);
  Reading reading;
  return ReadPair(ready, key, cost, Intent::kPeek, time, &reading)
             ? ready.Tell(0, reading)
             : DecideLocked(key, cost, Intent::kPeek, time);
}

/// False when the key has no record where a lock is not needed.
bool PolicyState::ReadPair(const ReadyPolicy& ready, Key key, uint64_t cost, Intent intent,
                           int64_t time, Reading* reading) {
  if (!ready.paired || cost > ready.meters[0].capacity()) return false;
  uint64_t* record = ready.keys->Find(ready.keys->ShardOf(key.hash), key.hash);
  if (record == nullptr) return false;
  return StepPair(ready.meters[0], reinterpret_cast<Pair*>(record), key, cost, intent, time,
                  reading);
}

Decision PolicyState::DecideLocked(Key key, uint64_t cost, Intent intent, int64_t time) {
  for (;;) {
    const ReadyPolicy& ready = *this->ready();
    for (size_t i = 0; i < ready.rule_count; ++i) {
      if (!ready.meters[i].IsPossible(cost)) return Impossible(ready, cost);
    }
    Shard& shard = ready.keys->ShardOf(key.hash);
    ShardHold hold(shard.lock);
    if (shard.retired || this->ready() != &ready) continue;
    return DecideIn(ready, shard, key, cost, intent, time);
  }
}

Decision PolicyState::DecideIn(const ReadyPolicy& ready, Shard& shard, Key key, uint64_t cost,
                               Intent intent, int64_t time) {
  RecordTable& table = *ready.keys;
  uint64_t* record = table.Find(shard, key.hash);
  if (record == nullptr) {
    if (intent == Intent::kPeek) {
      const std::array<uint64_t, Meter::kMaxWords * Policy::kMaxRules> nothing{};
      return ready.Read(nothing.data(), time, cost, intent);
    }
    record = table.Claim(shard, key.hash,
                         [&](const uint64_t* words) { return ready.IsDead(words, time); });
    if (record == nullptr) return DecideWithoutRoom(ready, shard, cost, intent, time);
  }
  if (ready.paired) {
    Reading reading;
    // The record stays the key's while the lock is held.
    StepPair(ready.meters[0], reinterpret_cast<Pair*>(record), key, cost, intent, time, &reading);
    return ready.Tell(0, reading);
  }
  Decision decision = ready.Read(record + 1, time, cost, intent);
  if (intent == Intent::kCharge && decision.allowed()) {
    decision.permit = ready.Charge(record + 1, time, cost);
  }
  return decision;
}

Decision PolicyState::DecideWithoutRoom(const ReadyPolicy& ready, Shard& shard, uint64_t cost,
                                        Intent intent, int64_t time) {
  uint64_t* words = ready.keys->OverflowWords(shard);
  Decision decision = ready.Read(words, time, cost, intent);
  if (ready.policy.overflow == Overflow::kShared) {
    if (intent == Intent::kCharge && decision.allowed()) {
      decision.permit = ready.Charge(words, time, cost);
      if (decision.permit != 0) decision.permit |= kSharedPermit;
    }
  } else if (ready.policy.overflow == Overflow::kAllow) {
    decision = ready.Tell(0, {.fits = true, .remaining = 0, .reset_ns = 0, .retry_ns = 0});
  } else {
    // When there will be room nobody can say; a full span after which every present key is dead
    // is the only sure answer.
    decision = ready.Tell(
        0, {.fits = false, .remaining = 0, .reset_ns = ready.span_ns, .retry_ns = ready.span_ns});
  }
  decision.overflowed = true;
  return decision;
}

template <typename Visit>
void PolicyState::WithShard(Key key, Visit&& visit) {
  for (;;) {
    const ReadyPolicy& ready = *this->ready();
    Shard& shard = ready.keys->ShardOf(key.hash);
    ShardHold hold(shard.lock);
    if (shard.retired || this->ready() != &ready) continue;
    visit(ready, shard, ready.keys->Find(shard, key.hash));
    return;
  }
}

void PolicyState::Refund(Key key, uint64_t cost, int64_t now_ns) {
  const int64_t time = time_line_.At(now_ns);
  WithShard(key, [&](const ReadyPolicy& ready, Shard&, uint64_t* record) {
    if (record == nullptr) return;
    if (!ready.paired) {
      for (size_t i = 0; i < ready.rule_count; ++i) {
        ready.meters[i].Refund(record + 1 + ready.word_at[i], time, cost);
      }
      return;
    }
    Pair seen{};
    do {
      seen = {key.hash, LoadWord(record + 1)};
    } while (!ExchangePair(reinterpret_cast<Pair*>(record), seen,
                           {key.hash, ready.meters[0].RefundWord(seen.word, time, cost)}));
  });
}

void PolicyState::Release(Key key, uint64_t permit, int64_t now_ns) {
  const int64_t time = time_line_.At(now_ns);
  WithShard(key, [&](const ReadyPolicy& ready, Shard& shard,
                     uint64_t* record) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
    uint64_t* words = record == nullptr ? nullptr : record + 1;
    if ((permit & kSharedPermit) != 0) words = ready.keys->OverflowWords(shard);
    if (words == nullptr) return;
    for (size_t i = 0; i < ready.rule_count; ++i) {
      ready.meters[i].Release(words + ready.word_at[i], time, permit & ~kSharedPermit);
    }
  });
}

void PolicyState::Reset(Key key) {
  WithShard(key, [&](const ReadyPolicy& ready, Shard& shard, uint64_t* record)
                     CAIRN_NO_THREAD_SAFETY_ANALYSIS {
                       if (record != nullptr) ready.keys->Erase(shard, record);
                     });
}

template <typename Visit>
void PolicyState::WithEachShard(Visit&& visit) {
  MutexLock lock(change_mutex_);  // the policy stays as it is
  const ReadyPolicy& ready = *this->ready();
  for (Shard& shard : ready.keys->shards()) {
    ShardHold hold(shard.lock);
    visit(ready, shard);
  }
}

void PolicyState::ResetAll() {
  WithEachShard([](const ReadyPolicy& ready, Shard& shard) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
    ready.keys->Sweep(shard, [](const uint64_t*) { return true; });
    shard.overflow.reset();
  });
}

uint64_t PolicyState::Cleanup(int64_t now_ns) {
  const int64_t time = time_line_.At(now_ns);
  uint64_t live = 0;
  WithEachShard([&](const ReadyPolicy& ready, Shard& shard) CAIRN_NO_THREAD_SAFETY_ANALYSIS {
    live +=
        ready.keys->Sweep(shard, [&](const uint64_t* words) { return ready.IsDead(words, time); });
  });
  return live;
}

}  // namespace cairn::limiter
