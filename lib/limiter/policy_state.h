#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "limiter/decision.h"
#include "limiter/key.h"
#include "limiter/meter.h"
#include "limiter/policy.h"
#include "limiter/record_table.h"
#include "limiter/tallies.h"
#include "limiter/time_line.h"

namespace cairn::limiter {

/// A policy made ready: its meters, and the table that holds the keys. Immutable.
struct ReadyPolicy {
  bool paired = false;  ///< one rule of one word: needs no lock
  uint8_t rule_count = 0;
  /// What a request may cost to be decided in the shortest way: 0 unless paired and gcra.
  uint64_t most_lean_cost = 0;
  RecordTable* keys = nullptr;  ///< what `table` holds
  std::array<std::string_view, Policy::kMaxRules> names;
  std::array<Meter, Policy::kMaxRules> meters;
  std::array<uint16_t, Policy::kMaxRules> word_at{};  ///< of each rule's first word
  uint32_t state_words = 0;
  int64_t span_ns = 0;
  Policy policy;
  std::shared_ptr<RecordTable> table;

  void SetTable(std::shared_ptr<RecordTable> made) {
    table = std::move(made);
    keys = table.get();
  }
  bool IsDead(const uint64_t* words, int64_t time) const;
  /// What all rules say together. The cost is possible.
  Decision Read(const uint64_t* words, int64_t time, uint64_t cost, Intent intent) const;
  /// The permit, when there is one.
  uint64_t Charge(uint64_t* words, int64_t time, uint64_t cost) const;
  /// A decision as one rule sees it. In place, and by whole words: what is written in parts and
  /// read at once waits for the processor's store buffer.
  Decision Tell(size_t rule, const Reading& reading) const {
    return {.outcome = reading.fits ? Outcome::kAllowed : Outcome::kRefused,
            .rule_index = static_cast<uint8_t>(rule),
            .limit = meters[rule].capacity(),
            .remaining = reading.remaining,
            .reset_after_ns = reading.reset_ns,
            .retry_after_ns = reading.retry_ns,
            .rule = names[rule]};
  }
};

/// One policy of a limiter and everything it knows.
///
/// A request on a key that is known, under a policy of one rule whose state is one word, is one
/// compare-and-swap without any lock. Everything else takes the lock of the key's shard, under
/// which all rules are checked and then all are charged.
///
/// Changing the policy makes a new ReadyPolicy. As long as the words of a key mean the same they
/// stay where they are; else they are carried over into a new table under all shards' locks.
/// Earlier ReadyPolicies are kept, since a thread without lock may still be reading one; their
/// tables give their memory back.
///
/// Thread safety: thread-safe. Lock order: change_mutex_, then shards by number.
class PolicyState {
 public:
  static Result<std::unique_ptr<PolicyState>> Create(const Policy& policy);

  /// The policy is valid and has the same name; it counts from the newest call. resource_exhausted
  /// when it has less memory than the present keys need.
  Status Change(const Policy& policy) CAIRN_EXCLUDES(change_mutex_);

  /// Charges the key when every rule lets the cost pass; cost 0 counts as 1.
  Decision Check(Key key, uint64_t cost, int64_t now_ns);
  /// What Check would say.
  Decision Peek(Key key, uint64_t cost, int64_t now_ns);
  void Refund(Key key, uint64_t cost, int64_t now_ns);
  void Release(Key key, uint64_t permit, int64_t now_ns);
  void Reset(Key key);
  void ResetAll() CAIRN_EXCLUDES(change_mutex_);
  /// Frees what dead keys take; the number of other keys.
  uint64_t Cleanup(int64_t now_ns) CAIRN_EXCLUDES(change_mutex_);
  void Prefetch(Key key) const { ready()->keys->Prefetch(key.hash); }

  const ReadyPolicy* ready() const { return ready_.load(std::memory_order_acquire); }
  Tallies& tallies() { return tallies_; }
  const Tallies& tallies() const { return tallies_; }

 private:
  using Shard = RecordTable::Shard;
  using Continuities = std::array<Continuity, Policy::kMaxRules>;

  explicit PolicyState(std::unique_ptr<ReadyPolicy> ready);
  static std::unique_ptr<ReadyPolicy> Prepare(const Policy& policy);
  static void LayOut(ReadyPolicy* ready);

  /// Asks the only rule, and charges its word. False when the pair is another key's by now.
  static bool StepPair(const Meter& meter, Pair* pair, Key key, uint64_t cost, Intent intent,
                       int64_t time, Reading* reading);
  static bool ReadPair(const ReadyPolicy& ready, Key key, uint64_t cost, Intent intent,
                       int64_t time, Reading* reading);
  /// Check where it needs more than one compare-and-swap at the first place looked at.
  Decision CheckFurther(Key key, uint64_t cost, int64_t now_ns);
  Decision DecideLocked(Key key, uint64_t cost, Intent intent, int64_t time);
  static Decision DecideIn(const ReadyPolicy& ready, Shard& shard, Key key, uint64_t cost,
                           Intent intent, int64_t time) CAIRN_REQUIRES(shard.lock);
  static Decision DecideWithoutRoom(const ReadyPolicy& ready, Shard& shard, uint64_t cost,
                                    Intent intent, int64_t time) CAIRN_REQUIRES(shard.lock);
  Decision Impossible(const ReadyPolicy& ready, uint64_t cost) const;
  /// Calls back, under the shard's lock, with the key's record or null.
  template <typename Visit>
  void WithShard(Key key, Visit&& visit);
  template <typename Visit>
  void WithEachShard(Visit&& visit);
  Status CarryOver(std::unique_ptr<ReadyPolicy> next, const Continuities& continuities,
                   int64_t time) CAIRN_REQUIRES(change_mutex_);
  /// Cuts what keys owe to what they may owe now.
  void Settle(const ReadyPolicy& before) CAIRN_REQUIRES(change_mutex_);
  void Publish(std::unique_ptr<ReadyPolicy> next) CAIRN_REQUIRES(change_mutex_);

  std::atomic<const ReadyPolicy*> ready_;  // release: pairs with the acquire in ready()
  TimeLine time_line_;
  Tallies tallies_;
  Mutex change_mutex_;
  std::vector<std::unique_ptr<ReadyPolicy>> versions_ CAIRN_GUARDED_BY(change_mutex_);
};

/// Calls nothing, so that nothing needs to be kept across a call; what is rare begins again.
[[gnu::always_inline]] inline Decision PolicyState::Check(Key key, uint64_t cost, int64_t now_ns) {
  const ReadyPolicy& ready = *this->ready();
  const uint32_t stripe = ThreadStripe::NumberIfAny();
  int64_t time = 0;
  if (cost - 1 >= ready.most_lean_cost || stripe >= Tallies::kStripes ||
      !time_line_.TryAt(now_ns, &time)) {
    return CheckFurther(key, cost, now_ns);
  }
  Pair* const pair = ready.keys->FindNear(key.hash);
  if (pair == nullptr) return CheckFurther(key, cost, now_ns);
  const Meter& meter = ready.meters[0];
  const uint64_t word = LoadWord(&pair->word);
  uint64_t next = 0;
  uint64_t debt = 0;
  if (meter.AddTokens(word, time, cost, &next, &debt)) [[likely]] {
    if (!ExchangePair(pair, {key.hash, word}, {key.hash, next})) {
      return CheckFurther(key, cost, now_ns);
    }
    tallies_.CountAllowedAt(stripe);
    return {.limit = meter.capacity(),
            .remaining = meter.TokensLeft(debt),
            .reset_after_ns = meter.TimeToFill(debt),
            .rule = ready.names[0]};
  }
  // The word was this key's if the record is still the key's.
  if (LoadWord(&pair->hash) != key.hash) return CheckFurther(key, cost, now_ns);
  tallies_.CountFirstRefusedAt(stripe);
  return ready.Tell(0, meter.AfterRefusal(debt, cost));
}

}  // namespace cairn::limiter
