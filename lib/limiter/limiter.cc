#include "limiter/limiter.h"

#include <algorithm>
#include <new>
#include <random>
#include <set>
#include <utility>

namespace cairn::limiter {
namespace {

/// How many keys a batch looks ahead.
constexpr size_t kAhead = 8;

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

Status CheckAll(std::span<const Policy> policies) {
  std::vector<std::string> faults;
  std::set<std::string_view> names;
  for (const Policy& policy : policies) {
    if (!names.insert(policy.name).second) {
      faults.push_back(StrCat("policy \"", policy.name, "\": the name is used twice"));
    }
    std::vector<std::string> more = FaultsOf(policy);
    faults.insert(faults.end(), more.begin(), more.end());
  }
  if (policies.size() > Limiter::kMaxPolicies) {
    faults.push_back(StrCat("there are ", policies.size(), " policies, at most ",
                            Limiter::kMaxPolicies, " are possible"));
  }
  std::string all;
  for (const std::string& fault : faults) all += (all.empty() ? "" : "; ") + fault;
  return all.empty() ? OkStatus() : Error(Code::kInvalidArgument, all);
}

}  // namespace

Limiter::Limiter(Options options)
    : options_(std::move(options)),
      ticks_(options_.clock == nullptr ? TickClock::System() : nullptr),
      clock_(options_.clock == nullptr ? ticks_ : options_.clock),
      hasher_(options_.seed == 0 ? RandomSeed() : options_.seed) {}

Limiter::~Limiter() = default;

Result<std::unique_ptr<Limiter>> Limiter::Create(std::span<const Policy> policies,
                                                 Options options) {
  CAIRN_RETURN_IF_ERROR(CheckAll(policies));
  std::unique_ptr<Limiter> limiter(new Limiter(std::move(options)));
  for (const Policy& policy : policies) {
    CAIRN_ASSIGN_OR_RETURN([[maybe_unused]] PolicyId id, limiter->SetPolicy(policy));
  }
  return limiter;
}

Result<PolicyId> Limiter::Find(std::string_view name) const {
  std::string known;
  MutexLock lock(mutex_);
  for (size_t i = 0; i < owned_.size(); ++i) {
    const std::string& there = owned_[i]->ready()->policy.name;
    if (there == name) return static_cast<PolicyId>(i);
    known += (known.empty() ? "" : ", ") + there;
  }
  return Error(Code::kNotFound, "there is no policy \"", name, "\"; there are: ", known);
}

std::vector<std::string> Limiter::names() const {
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (const auto& policy : owned_) names.push_back(policy->ready()->policy.name);
  return names;
}

Result<PolicyId> Limiter::SetPolicy(const Policy& policy) {
  CAIRN_RETURN_IF_ERROR(Validate(policy));
  Result<PolicyId> found = Find(policy.name);
  if (found.ok()) {
    CAIRN_RETURN_IF_ERROR(At(*found).Change(policy));
    WakeWaiting();
    return found;
  }
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<PolicyState> state, PolicyState::Create(policy));
  MutexLock lock(mutex_);
  for (const auto& other : owned_) {
    if (other->ready()->policy.name == policy.name) {
      return Error(Code::kAborted, "policy \"", policy.name, "\" was added meanwhile");
    }
  }
  if (owned_.size() == kMaxPolicies) {
    return Error(Code::kResourceExhausted, "there are ", kMaxPolicies, " policies already");
  }
  policies_[owned_.size()].store(state.get(), std::memory_order_release);
  owned_.push_back(std::move(state));
  count_.store(owned_.size(), std::memory_order_release);
  return static_cast<PolicyId>(owned_.size() - 1);
}

void Limiter::CheckBatch(PolicyId id, std::span<const Key> keys, std::span<const uint64_t> costs,
                         int64_t now_ns, std::span<Decision> decisions_out) {
  PolicyState& policy = At(id);
  for (size_t i = 0; i < std::min(kAhead, keys.size()); ++i) policy.Prefetch(keys[i]);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) policy.Prefetch(keys[i + kAhead]);
    const uint64_t cost = costs.empty() ? 1 : costs[i];
    new (&decisions_out[i]) Decision(policy.Check(keys[i], cost, now_ns));  // not through a copy
  }
}

/// A permit may come back at any time; anything else frees itself at the time that was told.
bool Limiter::HelpsToWait(PolicyId id, const Decision& decision, int64_t left_ns) const {
  if (decision.outcome != Outcome::kRefused || left_ns <= 0) return false;
  const ReadyPolicy& ready = *At(id).ready();
  const bool has_permits =
      std::any_of(ready.policy.rules.begin(), ready.policy.rules.end(),
                  [](const Rule& rule) { return rule.algorithm == Algorithm::kConcurrency; });
  return has_permits || decision.retry_after_ns <= left_ns;
}

Decision Limiter::Acquire(PolicyId id, Key key, uint64_t cost, int64_t max_wait_ns) {
  const int64_t start = clock_->MonotonicNs();
  Decision decision = Check(id, key, cost, start);
  for (int64_t now = start;;) {
    const int64_t left = max_wait_ns - (now - start);
    if (!HelpsToWait(id, decision, left)) return decision;
    if (options_.wait) {
      options_.wait(std::min(left, decision.retry_after_ns));
      now = clock_->MonotonicNs();
      decision = Check(id, key, cost, now);
      continue;
    }
    // Sequentially consistent: whoever frees something after the check below sees that one waits,
    // and then needs the mutex to wake it.
    waiting_.fetch_add(1);
    {
      MutexLock lock(wait_mutex_);
      decision = Check(id, key, cost, clock_->MonotonicNs());
      if (HelpsToWait(id, decision, left)) {
        static_cast<void>(freed_.WaitFor(wait_mutex_, std::min(left, decision.retry_after_ns)));
      }
    }
    waiting_.fetch_sub(1);
    if (decision.allowed()) return decision;
    now = clock_->MonotonicNs();
    decision = Check(id, key, cost, now);
  }
}

void Limiter::WakeWaiting() {
  if (waiting_.load() == 0) return;
  MutexLock lock(wait_mutex_);
  freed_.SignalAll();
}

void Limiter::Refund(PolicyId id, Key key, uint64_t cost, int64_t now_ns) {
  At(id).Refund(key, cost, now_ns);
  WakeWaiting();
}

void Limiter::Release(PolicyId id, Key key, uint64_t permit, int64_t now_ns) {
  At(id).Release(key, permit, now_ns);
  WakeWaiting();
}

void Limiter::Reset(PolicyId id, Key key) {
  At(id).Reset(key);
  WakeWaiting();
}

void Limiter::ResetAll(PolicyId id) {
  At(id).ResetAll();
  WakeWaiting();
}

PolicyStats Limiter::StatsOf(PolicyId id) const {
  const PolicyState& policy = At(id);
  const ReadyPolicy& ready = *policy.ready();
  return {policy.tallies().Sum(), ready.table->memory_bytes(), ready.policy.memory_bytes};
}

void Limiter::ExportTo(metrics::Registry* registry) const {
  for (size_t i = 0; i < policy_count(); ++i) {
    const PolicyId id = static_cast<PolicyId>(i);
    const Policy& policy = At(id).ready()->policy;
    const PolicyStats stats = StatsOf(id);
    const auto add = [&](const char* name, const char* help, uint64_t value) {
      registry->GetCounter(name, help, "policy", policy.name).Add(value);
    };
    add("cairn_limiter_allowed_total", "Requests that passed", stats.totals.allowed);
    add("cairn_limiter_impossible_total", "Requests that cost more than their limit",
        stats.totals.impossible);
    add("cairn_limiter_overflowed_total", "Decisions without room for the key",
        stats.totals.overflowed);
    add("cairn_limiter_degraded_total", "Decisions without the shared store",
        stats.totals.degraded);
    for (size_t rule = 0; rule < policy.rules.size(); ++rule) {
      registry
          ->GetCounter("cairn_limiter_refused_total", "Requests that were refused, by the rule",
                       metrics::Labels{{"policy", policy.name}, {"rule", policy.rules[rule].name}})
          .Add(stats.totals.refused[rule]);
    }
    registry->GetGauge("cairn_limiter_memory_bytes", "Memory that keys take", "policy", policy.name)
        .Set(static_cast<double>(stats.memory_bytes));
  }
}

}  // namespace cairn::limiter
