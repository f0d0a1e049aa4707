#include "limiter/shared_limiter.h"

#include <algorithm>
#include <limits>

namespace cairn::limiter {
namespace {

/// Marks the permits of the store; those of the local limiter never have this bit.
constexpr uint64_t kStorePermit = uint64_t{1} << 62;
/// What kClosed tells to wait: by then the store may answer again.
constexpr int64_t kClosedRetryNs = 1'000'000'000;

uint64_t CapacityOf(const Rule& rule) {
  return rule.algorithm == Algorithm::kGcra ? rule.capacity() : rule.limit;
}

bool HasPermits(const Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(),
                     [](const Rule& rule) { return rule.algorithm == Algorithm::kConcurrency; });
}

/// The most that one request may cost.
uint64_t LargestCost(const Policy& policy) {
  uint64_t most = std::numeric_limits<uint64_t>::max();
  for (const Rule& rule : policy.rules) {
    if (rule.algorithm != Algorithm::kConcurrency) most = std::min(most, CapacityOf(rule));
  }
  return most;
}

}  // namespace

SharedLimiter::SharedLimiter(std::shared_ptr<Store> store, SharedLimiterOptions options)
    : store_(std::move(store)), options_(std::move(options)) {}

Result<std::unique_ptr<SharedLimiter>> SharedLimiter::Create(std::span<const Policy> policies,
                                                             std::shared_ptr<Store> store,
                                                             SharedLimiterOptions options) {
  std::string faults;
  const auto fault = [&](const std::string& text) {
    faults += faults.empty() ? text : "; " + text;
  };
  if (store == nullptr) fault("there is no store");
  if (static_cast<uint8_t>(options.on_trouble) > 2) fault("there is no such choice for trouble");
  if (options.timeout_ns <= 0) {
    fault(StrCat("timeout is ", options.timeout_ns, " ns, must be at least 1"));
  }
  if (options.process_count == 0) fault("process_count is 0, must be at least 1");
  for (const Policy& policy : policies) {
    for (const std::string& text : FaultsOf(policy)) fault(text);
  }
  if (!faults.empty()) return Status(Code::kInvalidArgument, std::move(faults));
  std::unique_ptr<SharedLimiter> made(new SharedLimiter(std::move(store), std::move(options)));
  CAIRN_ASSIGN_OR_RETURN(made->local_, Limiter::Create({}, made->options_.local));
  for (const Policy& policy : policies) {
    CAIRN_RETURN_IF_ERROR(made->SetPolicy(policy).status());
  }
  return made;
}

Result<PolicyId> SharedLimiter::SetPolicy(const Policy& policy) {
  CAIRN_RETURN_IF_ERROR(Validate(policy));
  MutexLock lock(mutex_);
  const Policy share = LocalShareOf(policy);
  CAIRN_ASSIGN_OR_RETURN(const PolicyId id, local_->SetPolicy(share));
  owned_.push_back(
      std::make_unique<const Version>(Version{policy, HasPermits(policy), LargestCost(share)}));
  policies_[static_cast<uint32_t>(id)].store(owned_.back().get(), std::memory_order_release);
  return id;
}

Policy SharedLimiter::LocalShareOf(const Policy& policy) const {
  Policy share = policy;
  for (Rule& rule : share.rules) {
    const uint64_t capacity = rule.capacity();
    rule.limit = std::max<uint64_t>(rule.limit / options_.process_count, 1);
    // A share of the burst takes no longer to fill than the whole, unless the rate was rounded up.
    if (rule.burst != 0) rule.burst = std::max<uint64_t>(capacity / options_.process_count, 1);
  }
  return share;
}

bool SharedLimiter::FindImpossible(const Policy& policy, uint64_t cost, Decision* decision) {
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    if (rule.algorithm == Algorithm::kConcurrency || cost <= CapacityOf(rule)) continue;
    *decision = Decision();
    decision->outcome = Outcome::kImpossible;
    decision->rule_index = static_cast<uint8_t>(i);
    decision->rule = rule.name;
    decision->limit = CapacityOf(rule);
    return true;
  }
  return false;
}

Decision SharedLimiter::Decide(PolicyId id, std::string_view key, uint64_t cost, bool peek) {
  const Policy& policy = At(id).policy;
  cost = std::max<uint64_t>(cost, 1);
  Decision decision;
  if (FindImpossible(policy, cost, &decision)) return decision;
  Result<Decision> decided = store_->Decide({&policy, key, cost, peek}, options_.timeout_ns);
  if (!decided.ok()) return DecideWithoutStore(id, key, cost, peek);
  Take(id, key, cost, peek, &*decided);
  return *decided;
}

void SharedLimiter::CheckBatch(PolicyId id, std::span<const std::string_view> keys,
                               std::span<const uint64_t> costs, std::span<Decision> decisions_out) {
  const Policy& policy = At(id).policy;
  std::vector<StoreCall> calls;
  std::vector<size_t> places;
  for (size_t i = 0; i < keys.size(); ++i) {
    const uint64_t cost = costs.empty() ? 1 : std::max<uint64_t>(costs[i], 1);
    if (FindImpossible(policy, cost, &decisions_out[i])) continue;
    calls.push_back({&policy, keys[i], cost, false});
    places.push_back(i);
  }
  std::vector<Decision> decided(calls.size());
  const bool is_decided = store_->DecideMany(calls, decided, options_.timeout_ns).ok();
  for (size_t i = 0; i < calls.size(); ++i) {
    const StoreCall& call = calls[i];
    if (is_decided) {
      Take(id, call.key, call.cost, false, &decided[i]);
    } else {
      decided[i] = DecideWithoutStore(id, call.key, call.cost, false);
    }
    decisions_out[places[i]] = decided[i];
  }
}

void SharedLimiter::Take(PolicyId id, std::string_view key, uint64_t cost, bool peek,
                         Decision* decision) {
  by_store_.fetch_add(1, std::memory_order_relaxed);
  if (decision->permit != 0) decision->permit |= kStorePermit;
  if (peek || !decision->allowed() || options_.on_trouble != OnTrouble::kLocal) return;
  if (!At(id).has_permits) DecideLocally(id, key, cost, false);
}

Decision SharedLimiter::DecideWithoutStore(PolicyId id, std::string_view key, uint64_t cost,
                                           bool peek) {
  if (options_.on_trouble == OnTrouble::kLocal) {
    decided_local_.fetch_add(1, std::memory_order_relaxed);
    Decision decision = DecideLocally(id, key, cost, peek);
    decision.degraded = true;
    return decision;
  }
  const Rule& rule = At(id).policy.rules[0];
  Decision decision;
  decision.degraded = true;
  decision.rule = rule.name;
  decision.limit = CapacityOf(rule);
  if (options_.on_trouble == OnTrouble::kOpen) {
    opened_.fetch_add(1, std::memory_order_relaxed);
    return decision;
  }
  closed_.fetch_add(1, std::memory_order_relaxed);
  decision.outcome = Outcome::kRefused;
  decision.retry_after_ns = kClosedRetryNs;
  return decision;
}

Decision SharedLimiter::DecideLocally(PolicyId id, std::string_view key, uint64_t cost, bool peek) {
  // What costs more than the share of this process takes all of it.
  cost = std::min(cost, At(id).largest_local_cost);
  const Key hashed = local_->hasher().Of(key);
  return peek ? local_->Peek(id, hashed, cost) : local_->Check(id, hashed, cost);
}

Status SharedLimiter::Told(Status status) {
  if (!status.ok()) lost_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

Status SharedLimiter::Refund(PolicyId id, std::string_view key, uint64_t cost) {
  const int64_t now_ns = local_->clock().MonotonicNs();
  local_->Refund(id, local_->hasher().Of(key), cost, now_ns);
  return Told(store_->Refund(At(id).policy, key, cost, options_.timeout_ns));
}

Status SharedLimiter::Release(PolicyId id, std::string_view key, uint64_t permit) {
  if (permit == 0) return OkStatus();
  if ((permit & kStorePermit) != 0) {
    return Told(store_->Release(At(id).policy, key, permit & ~kStorePermit, options_.timeout_ns));
  }
  const int64_t now_ns = local_->clock().MonotonicNs();
  local_->Release(id, local_->hasher().Of(key), permit, now_ns);
  return OkStatus();
}

Status SharedLimiter::Reset(PolicyId id, std::string_view key) {
  local_->Reset(id, local_->hasher().Of(key));
  return Told(store_->Reset(At(id).policy, key, options_.timeout_ns));
}

SharedLimiterStats SharedLimiter::stats() const {
  return {by_store_.load(std::memory_order_relaxed), decided_local_.load(std::memory_order_relaxed),
          opened_.load(std::memory_order_relaxed), closed_.load(std::memory_order_relaxed),
          lost_.load(std::memory_order_relaxed)};
}

}  // namespace cairn::limiter
