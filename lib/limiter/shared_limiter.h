#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "limiter/limiter.h"
#include "limiter/store.h"
#include "limiter/wait_lines.h"

namespace cairn::limiter {

/// A limiter whose decisions come from a store that processes share, and a plan for when they do
/// not: OnTrouble. Every decision made without the store is marked as degraded and counted.
///
/// After a call to the store failed none is made for a while: for first_pause_ns, then twice as
/// long after each further failure in a row, up to max_pause_ns; then one caller tries while the
/// others still do without. So an outage costs one timeout now and then, and ends by itself.
///
/// Policies, keys and local decisions are those of the Limiter; limits of processes that decide
/// alone add up, so give local policies that are smaller where that matters.
///
/// Thread safety: thread-safe. Ownership: owns the store, borrows the limiter.
class SharedLimiter {
 public:
  static constexpr int64_t kPermitPauseNs = 10'000'000;

  struct Options {
    OnTrouble on_trouble = OnTrouble::kLocal;
    int64_t timeout_ns = 20'000'000;  ///< of each call to the store
    int64_t first_pause_ns = 100'000'000;
    int64_t max_pause_ns = 2'000'000'000;
    /// Instead of sleeping, for tests.
    std::function<void(int64_t ns)> wait;
  };

  SharedLimiter(std::unique_ptr<Store> store, Limiter* local, const Options& options);

  /// The key is bytes: other processes hash it differently.
  Decision Check(PolicyId id, std::string_view key, uint64_t cost = 1);
  Decision Peek(PolicyId id, std::string_view key, uint64_t cost = 1);
  /// Check that waits, at most max_wait_ns, until the request passes. Says no at once when waiting
  /// so long would not help. Callers of this process that wait for a key are served in the order in
  /// which they came, and only the first of them asks: again when the store said that there is
  /// room, and for permits, which come back at any time, every kPermitPauseNs.
  Decision Acquire(PolicyId id, std::string_view key, uint64_t cost, int64_t max_wait_ns);
  /// One round trip for all. costs: empty = 1 each.
  void CheckBatch(PolicyId id, std::span<const std::string_view> keys,
                  std::span<const uint64_t> costs, std::span<Decision> decisions_out);
  /// Where the decision was made there it is taken back, released or forgotten; the failure of a
  /// store is reported, and the lease or window ends it anyway.
  Status Refund(PolicyId id, std::string_view key, uint64_t cost, const Decision& decision);
  Status Release(PolicyId id, std::string_view key, const Decision& decision);
  Status Reset(PolicyId id, std::string_view key);

  /// True while the store is left alone after a failure.
  bool is_pausing() const;
  /// How often a call to the store failed.
  uint64_t failure_count() const { return failures_.load(std::memory_order_relaxed); }
  const Options& options() const { return options_; }

 private:
  Decision Decide(PolicyId id, std::string_view key, uint64_t cost, bool peek);
  WaitLines::Place PlaceOf(PolicyId id, std::string_view key) const {
    return {static_cast<uint32_t>(id), local_->hasher().Of(key).hash};
  }
  /// How long to wait before asking again; 0 = it does not help.
  int64_t PauseAfter(PolicyId id, const Decision& decision, int64_t left_ns) const;
  /// What a rule says for ever, without asking anybody.
  bool IsImpossible(PolicyId id, uint64_t cost, Decision* decision) const;
  Decision Degraded(PolicyId id, std::string_view key, uint64_t cost, bool peek);
  /// May this caller ask the store now?
  bool Enter();
  void Succeeded();
  void Failed();
  Status Note(Status status);

  const std::unique_ptr<Store> store_;
  Limiter* const local_;
  const Options options_;
  // Relaxed: each is a hint on its own. A caller who is late asks once more or once less.
  std::atomic<int64_t> pause_until_{INT64_MIN};
  std::atomic<int64_t> pause_ns_{0};
  std::atomic<uint64_t> failures_{0};
  WaitLines lines_;
};

}  // namespace cairn::limiter
