#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/tick_clock.h"
#include "limiter/decision.h"
#include "limiter/key.h"
#include "limiter/policy.h"
#include "limiter/policy_state.h"
#include "limiter/wait_lines.h"
#include "observe/metrics.h"

namespace cairn::limiter {

/// Number of a policy in its limiter; found once by name, then used in every call.
enum class PolicyId : uint32_t {};

/// What a policy holds and has said.
struct PolicyStats {
  Tallies::Totals totals;
  uint64_t memory_bytes = 0;  ///< what is taken for keys, never more than budget_bytes
  uint64_t budget_bytes = 0;
};

/// Exact, bounded limits on named policies and any number of keys.
///
/// Times: a caller may bring its own, in nanoseconds of one clock of its choice that it then uses
/// for every call on that policy; calls without one read the limiter's clock. See TimeLine for
/// clocks that jump. Tokens of gcra come one by one; the windows of the other algorithms are the
/// same for all keys and begin with the policy's first call.
///
/// Memory: each policy has a byte budget that holds whatever keys come; see RecordTable and
/// Overflow. A key takes room only until its allowance is full again, which is at the latest one
/// window (of slices: one and a slice) after its last request was let through.
///
/// Thread safety: thread-safe. Ownership: owns its policies; borrows the clock.
class Limiter {
 public:
  static constexpr size_t kMaxPolicies = 1024;

  struct Options {
    const Clock* clock = nullptr;  ///< null = the system's, by TickClock
    uint64_t seed = 0;             ///< of the hash of keys; 0 = random
    /// Instead of waiting, for tests: called without locks with the time to wait.
    std::function<void(int64_t ns)> wait;
  };

  /// invalid_argument with every fault of every policy.
  static Result<std::unique_ptr<Limiter>> Create(std::span<const Policy> policies, Options options);
  static Result<std::unique_ptr<Limiter>> Create(std::span<const Policy> policies) {
    return Create(policies, Options());
  }
  ~Limiter();

  /// not_found, naming those there are.
  Result<PolicyId> Find(std::string_view name) const CAIRN_EXCLUDES(mutex_);
  /// Adds a policy, or changes the one with that name. A changed policy keeps what it knows of keys
  /// where the rule in the same place has the same algorithm (and number of slices): a key keeps
  /// what it has used, cut to the new limit. Each change keeps some kilobytes for ever.
  Result<PolicyId> SetPolicy(const Policy& policy) CAIRN_EXCLUDES(mutex_);
  Policy PolicyOf(PolicyId id) const { return At(id).ready()->policy; }
  std::vector<std::string> names() const CAIRN_EXCLUDES(mutex_);
  size_t policy_count() const { return count_.load(std::memory_order_acquire); }

  const KeyHasher& hasher() const { return hasher_; }
  const Clock& clock() const { return *clock_; }
  /// What the clock says, quickly.
  int64_t NowNs() const { return ticks_ != nullptr ? ticks_->NowNs() : clock_->MonotonicNs(); }

  /// Charges the key when every rule of the policy lets the cost pass; cost 0 counts as 1.
  Decision Check(PolicyId id, Key key, uint64_t cost, int64_t now_ns) {
    return At(id).Check(key, cost, now_ns);
  }
  Decision Check(PolicyId id, Key key, uint64_t cost = 1) { return Check(id, key, cost, NowNs()); }

  /// What Check would say, with the numbers as they are now. Charges nothing.
  Decision Peek(PolicyId id, Key key, uint64_t cost, int64_t now_ns) {
    return At(id).Peek(key, cost, now_ns);
  }
  Decision Peek(PolicyId id, Key key, uint64_t cost = 1) { return Peek(id, key, cost, NowNs()); }

  /// Check for several keys at one time. costs: empty = 1 each, else as many as keys. decisions_out
  /// has room for all.
  void CheckBatch(PolicyId id, std::span<const Key> keys, std::span<const uint64_t> costs,
                  int64_t now_ns, std::span<Decision> decisions_out);

  /// Check that waits, at most max_wait_ns, until the request passes. Says no at once when waiting
  /// so long would not help. Reads the limiter's clock. Those who wait for a key are served in the
  /// order in which they came, see WaitLines; calls that don't wait don't stand in line.
  Decision Acquire(PolicyId id, Key key, uint64_t cost, int64_t max_wait_ns);
  /// How long someone with so much time left waits after a decision; 0 = that does not help.
  int64_t PauseAfter(PolicyId id, const Decision& decision, int64_t left_ns) const;
  /// Callers in Acquire that wait now.
  uint32_t waiting_count() const { return lines_.waiting_count(); }

  /// Takes back what a request that was let through has been charged. Of concurrency: nothing.
  void Refund(PolicyId id, Key key, uint64_t cost, int64_t now_ns);
  /// Gives a permit back, once; nothing happens when its lease has ended.
  void Release(PolicyId id, Key key, uint64_t permit, int64_t now_ns);
  /// Forgets a key, or all.
  void Reset(PolicyId id, Key key);
  void ResetAll(PolicyId id);
  /// Gives back the memory of keys whose allowance is full; how many others there are.
  uint64_t Cleanup(PolicyId id, int64_t now_ns) { return At(id).Cleanup(now_ns); }

  PolicyStats StatsOf(PolicyId id) const;
  /// Adds the counts of all policies to a registry without them: cairn_limiter_*.
  void ExportTo(metrics::Registry* registry) const CAIRN_EXCLUDES(mutex_);
  /// For decisions that others make in this limiter's place.
  void Count(PolicyId id, const Decision& decision) { At(id).tallies().Count(decision); }
  void CountDegraded(PolicyId id) { At(id).tallies().CountDegraded(); }
  /// Lives as long as the limiter, also when the policy is changed.
  const ReadyPolicy& ReadyOf(PolicyId id) const { return *At(id).ready(); }

 private:
  explicit Limiter(Options options);

  PolicyState& At(PolicyId id) const {
    return *policies_[static_cast<uint32_t>(id)].load(std::memory_order_acquire);
  }
  static WaitLines::Place PlaceOf(PolicyId id, Key key) {
    return {static_cast<uint32_t>(id), key.hash};
  }
  WaitLines::Answer AskInLine(PolicyId id, Key key, uint64_t cost, bool is_first, int64_t left_ns);

  const Options options_;
  const TickClock* const ticks_;  ///< null when the caller brought a clock
  const Clock* const clock_;
  const KeyHasher hasher_;
  mutable Mutex mutex_;  ///< adding policies
  std::atomic<size_t> count_{0};
  // Release: pairs with the acquire in At. Never changes once set.
  std::array<std::atomic<PolicyState*>, kMaxPolicies> policies_{};
  std::vector<std::unique_ptr<PolicyState>> owned_ CAIRN_GUARDED_BY(mutex_);
  WaitLines lines_;
};

}  // namespace cairn::limiter
