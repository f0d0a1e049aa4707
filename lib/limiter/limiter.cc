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
      hasher_(options_.seed == 0 ? RandomSeed() : options_.seed),
      lines_(clock_, options_.wait) {}

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
    lines_.FreedAll(static_cast<uint32_t>(*found));
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
int64_t Limiter::PauseAfter(PolicyId id, const Decision& decision, int64_t left_ns) const {
  if (decision.outcome != Outcome::kRefused || left_ns <= 0) return 0;
  const bool has_permits = PermitRule(At(id).ready()->policy) != nullptr;
  if (!has_permits && decision.retry_after_ns > left_ns) return 0;
  return std::clamp<int64_t>(decision.retry_after_ns, 1, left_ns);
}

WaitLines::Answer Limiter::AskInLine(PolicyId id, Key key, uint64_t cost, bool is_first,
                                     int64_t left_ns) {
  // Looks first, so that one who asks often is not counted often.
  const int64_t now = clock_->MonotonicNs();
  WaitLines::Answer answer{Peek(id, key, cost, now), 0};
  if (answer.decision.allowed() && is_first) answer.decision = Check(id, key, cost, now);
  if (answer.decision.allowed() && !is_first) {
    // What there is belongs to those before.
    answer.decision.outcome = Outcome::kRefused;
    answer.decision.retry_after_ns = 1;
  }
  answer.pause_ns = PauseAfter(id, answer.decision, left_ns);
  return answer;
}

Decision Limiter::Acquire(PolicyId id, Key key, uint64_t cost, int64_t max_wait_ns) {
  const bool may_be_second = max_wait_ns > 0 && lines_.waiting_count() != 0;
  if (!may_be_second) {
    const Decision decision = Check(id, key, cost, clock_->MonotonicNs());
    if (PauseAfter(id, decision, max_wait_ns) == 0) return decision;
  }
  const Decision decision = lines_.Acquire(
      PlaceOf(id, key), max_wait_ns,
      [&](bool is_first, int64_t left_ns) { return AskInLine(id, key, cost, is_first, left_ns); });
  // Whoever waited has been refused once, and was counted for it if nobody was there before.
  if (may_be_second && !decision.allowed()) Count(id, decision);
  return decision;
}

void Limiter::Refund(PolicyId id, Key key, uint64_t cost, int64_t now_ns) {
  At(id).Refund(key, cost, now_ns);
  lines_.Freed(PlaceOf(id, key));
}

void Limiter::Release(PolicyId id, Key key, uint64_t permit, int64_t now_ns) {
  At(id).Release(key, permit, now_ns);
  lines_.Freed(PlaceOf(id, key));
}

void Limiter::Reset(PolicyId id, Key key) {
  At(id).Reset(key);
  lines_.Freed(PlaceOf(id, key));
}

void Limiter::ResetAll(PolicyId id) {
  At(id).ResetAll();
  lines_.FreedAll(static_cast<uint32_t>(id));
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
