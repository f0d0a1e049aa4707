#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "limiter/limiter.h"
#include "limiter/store.h"

namespace cairn::limiter {

struct SharedLimiterOptions {
  OnTrouble on_trouble = OnTrouble::kLocal;
  /// Bounds each call to the store.
  int64_t timeout_ns = 20'000'000;
  /// kLocal: among how many processes a limit is divided while each decides alone.
  uint32_t process_count = 1;
  Limiter::Options local;
};

/// Who decided.
struct SharedLimiterStats {
  uint64_t by_store = 0;
  uint64_t local = 0;  ///< of the rest, by OnTrouble
  uint64_t opened = 0;
  uint64_t closed = 0;
  uint64_t lost = 0;  ///< refunds, releases and resets that the store did not take
};

/// Named policies whose limits are kept in a Store, with a choice of what happens while that does
/// not answer. No call fails: the choice decides, and the decision says `degraded`.
///
/// kLocal: a limiter of the process decides, each limit divided by the number of processes. It is
/// told of every request that the store lets pass (except on policies with permits, which would
/// have to be given back to it), so that an outage does not begin with full allowances. kOpen lets
/// every request pass, kClosed refuses it for a second.
///
/// When the store answers again it decides again, from what it kept; what was let pass meanwhile it
/// does not know of.
///
/// Thread safety: thread-safe. A call blocks for at most timeout_ns.
class SharedLimiter {
 public:
  static Result<std::unique_ptr<SharedLimiter>> Create(std::span<const Policy> policies,
                                                       std::shared_ptr<Store> store,
                                                       SharedLimiterOptions options = {});

  /// not_found, naming those there are.
  Result<PolicyId> Find(std::string_view name) const { return local_->Find(name); }
  /// Adds a policy, or changes the one with that name; see Limiter::SetPolicy.
  Result<PolicyId> SetPolicy(const Policy& policy) CAIRN_EXCLUDES(mutex_);

  /// As in Limiter. Cost 0 counts as 1.
  Decision Check(PolicyId id, std::string_view key, uint64_t cost = 1) {
    return Decide(id, key, cost, false);
  }
  Decision Peek(PolicyId id, std::string_view key, uint64_t cost = 1) {
    return Decide(id, key, cost, true);
  }
  /// One round trip for all. costs: empty = 1 each, else as many as keys.
  void CheckBatch(PolicyId id, std::span<const std::string_view> keys,
                  std::span<const uint64_t> costs, std::span<Decision> decisions_out);

  /// These say what became of it at the store; during an outage it is lost, except for permits of
  /// the process's own limiter.
  Status Refund(PolicyId id, std::string_view key, uint64_t cost);
  Status Release(PolicyId id, std::string_view key, uint64_t permit);
  Status Reset(PolicyId id, std::string_view key);

  SharedLimiterStats stats() const;

 private:
  SharedLimiter(std::shared_ptr<Store> store, SharedLimiterOptions options);

  /// One version of a policy.
  struct Version {
    Policy policy;
    bool has_permits = false;
    uint64_t largest_local_cost = 0;
  };

  const Version& At(PolicyId id) const {
    return *policies_[static_cast<uint32_t>(id)].load(std::memory_order_acquire);
  }
  /// A decision without the store, where the cost can never pass.
  static bool FindImpossible(const Policy& policy, uint64_t cost, Decision* decision);
  Policy LocalShareOf(const Policy& policy) const;
  Decision Decide(PolicyId id, std::string_view key, uint64_t cost, bool peek);
  Decision DecideWithoutStore(PolicyId id, std::string_view key, uint64_t cost, bool peek);
  Decision DecideLocally(PolicyId id, std::string_view key, uint64_t cost, bool peek);
  /// The store has decided.
  void Take(PolicyId id, std::string_view key, uint64_t cost, bool peek, Decision* decision);
  Status Told(Status status);

  const std::shared_ptr<Store> store_;
  const SharedLimiterOptions options_;
  std::unique_ptr<Limiter> local_;
  Mutex mutex_;  ///< changing policies
  // Release: pairs with the acquire in At.
  std::array<std::atomic<const Version*>, Limiter::kMaxPolicies> policies_{};
  /// Every version that ever was: decisions hold names of their rules.
  std::vector<std::unique_ptr<const Version>> owned_ CAIRN_GUARDED_BY(mutex_);
  // Relaxed: statistics.
  std::atomic<uint64_t> by_store_{0};
  std::atomic<uint64_t> decided_local_{0};
  std::atomic<uint64_t> opened_{0};
  std::atomic<uint64_t> closed_{0};
  std::atomic<uint64_t> lost_{0};
};

}  // namespace cairn::limiter
