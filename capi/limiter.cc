#include <cairn/limiter.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/text.h"
#include "limiter/config.h"
#include "limiter/http_fields.h"
#include "limiter/ip_prefix.h"
#include "limiter/limiter.h"
#include "observe/metrics.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::limiter::Decision;
using cairn::limiter::Key;
using cairn::limiter::Limiter;
using cairn::limiter::Outcome;
using cairn::limiter::PolicyId;

struct cairn_limiter final : Handle {
  static constexpr auto kKind = HandleKind::kLimiter;
  explicit cairn_limiter(std::unique_ptr<Limiter> made) : Handle(kKind), impl(std::move(made)) {}

  const std::unique_ptr<Limiter> impl;
};

namespace {

Status CheckPolicy(const cairn_limiter* limiter, uint32_t policy) {
  CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
  const size_t count = limiter->impl->policy_count();
  if (policy < count) return cairn::OkStatus();
  return cairn::Error(Code::kInvalidArgument, "policy is ", policy, ", but there are ", count);
}

cairn::Result<Key> ReadKey(const cairn_limiter* limiter, uint32_t policy, const char* key,
                           size_t key_bytes) {
  CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
  CAIRN_ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes(key, key_bytes, "key"));
  return limiter->impl->hasher().Of(bytes);
}

cairn::Result<int64_t> ReadNow(const cairn_limiter* limiter, int64_t now_ns) {
  if (now_ns == 0) return limiter->impl->NowNs();
  if (now_ns > 0) return now_ns;
  return cairn::Error(Code::kInvalidArgument, "now_ns is ", now_ns, ", must not be negative");
}

cairn_decision ToPublic(const Decision& decision) {
  cairn_decision out{};
  out.outcome = static_cast<int32_t>(decision.outcome);
  out.limit = decision.limit;
  out.remaining = decision.remaining;
  out.reset_after_ns = decision.reset_after_ns;
  out.retry_after_ns = decision.retry_after_ns;
  out.permit = decision.permit;
  out.rule = decision.rule.data();
  out.rule_bytes = decision.rule.size();
  out.overflowed = decision.overflowed ? 1 : 0;
  out.degraded = decision.degraded ? 1 : 0;
  return out;
}

cairn_status CodeOf(const Decision& decision) {
  if (decision.allowed()) return CAIRN_OK;
  return decision.outcome == Outcome::kRefused ? CAIRN_RATE_LIMITED : CAIRN_OUT_OF_RANGE;
}

/// Runs `decide`, a function of a key and a time, and tells what it said. A refusal is no failure
/// and costs no allocation.
template <typename Decide>
cairn_status Tell(const cairn_limiter* limiter, uint32_t policy, const char* key, size_t key_bytes,
                  int64_t now_ns, cairn_decision* decision_inout, cairn_error** err,
                  const Decide& decide) noexcept {
  cairn_status outcome = CAIRN_OK;
  const cairn_status failure = Guard(err, [&]() -> Status {
    if (decision_inout != nullptr) {
      CAIRN_RETURN_IF_ERROR(ClearStruct(decision_inout, "decision_inout"));
    }
    CAIRN_ASSIGN_OR_RETURN(const Key hashed, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    const Decision decision = decide(hashed, now);
    if (decision_inout != nullptr) FillStruct(decision_inout, ToPublic(decision));
    outcome = CodeOf(decision);
    return cairn::OkStatus();
  });
  return failure == CAIRN_OK ? outcome : failure;
}

Status MakeBuffer(std::string text, cairn_buffer** out) {
  *out = std::make_unique<cairn_buffer>(std::move(text)).release();
  return cairn::OkStatus();
}

/// The keys of a batch.
cairn::Result<std::vector<Key>> ReadKeys(const cairn_limiter* limiter, const char* const* keys,
                                         const size_t* key_bytes, size_t count) {
  if (count > 0 && (keys == nullptr || key_bytes == nullptr)) {
    return cairn::Error(Code::kInvalidArgument, "keys or key_bytes is NULL");
  }
  std::vector<Key> hashed;
  for (size_t i = 0; i < count; ++i) {
    auto bytes = ReadBytes(keys[i], key_bytes[i], "key");
    if (!bytes.ok()) return std::move(bytes).status().WithIndex(i);
    hashed.push_back(limiter->impl->hasher().Of(*bytes));
  }
  return hashed;
}

/// The decisions of the caller lie as far apart as his struct is long.
template <typename Visit>
Status ForEachDecision(cairn_decision* decisions, size_t count, const Visit& visit) {
  char* place = reinterpret_cast<char*>(decisions);
  const uint32_t size = count > 0 ? StructSize(place) : 0;
  for (size_t i = 0; i < count; ++i, place += size) {
    if (StructSize(place) != size) {
      return cairn::Error(Code::kInvalidArgument, "decisions_inout[", i, "].struct_size is ",
                          StructSize(place), ", that of the first is ", size)
          .WithIndex(i);
    }
    CAIRN_RETURN_IF_ERROR(visit(i, reinterpret_cast<cairn_decision*>(place)));
  }
  return cairn::OkStatus();
}

}  // namespace

cairn_status cairn_limiter_create(const char* config_json, size_t config_json_bytes,
                                  cairn_limiter** limiter_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(limiter_out, "limiter_out"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view json,
                           ReadText(config_json, config_json_bytes, "config_json"));
    CAIRN_ASSIGN_OR_RETURN(auto policies, cairn::limiter::ParsePolicies(json));
    CAIRN_ASSIGN_OR_RETURN(auto made, Limiter::Create(policies));
    *limiter_out = std::make_unique<cairn_limiter>(std::move(made)).release();
    return cairn::OkStatus();
  });
}

cairn_limiter* cairn_limiter_retain(cairn_limiter* limiter) noexcept { return Retain(limiter); }

void cairn_limiter_release(cairn_limiter* limiter) noexcept { Release(limiter); }

cairn_status cairn_limiter_policy(const cairn_limiter* limiter, const char* name, size_t name_bytes,
                                  uint32_t* policy_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(policy_out, "policy_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadText(name, name_bytes, "name"));
    CAIRN_ASSIGN_OR_RETURN(const PolicyId id, limiter->impl->Find(text));
    *policy_out = static_cast<uint32_t>(id);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_policy_names(const cairn_limiter* limiter, cairn_list** names_out,
                                        cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(names_out, "names_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
    *names_out = std::make_unique<cairn_list>(limiter->impl->names()).release();
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_set_policy(cairn_limiter* limiter, const char* name, size_t name_bytes,
                                      const char* policy_json, size_t policy_json_bytes,
                                      uint32_t* policy_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (policy_out != nullptr) *policy_out = 0;
    CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadText(name, name_bytes, "name"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view json,
                           ReadText(policy_json, policy_json_bytes, "policy_json"));
    CAIRN_ASSIGN_OR_RETURN(auto policy, cairn::limiter::ParsePolicy(text, json));
    CAIRN_ASSIGN_OR_RETURN(const PolicyId id, limiter->impl->SetPolicy(policy));
    if (policy_out != nullptr) *policy_out = static_cast<uint32_t>(id);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_check(cairn_limiter* limiter, uint32_t policy, const char* key,
                                 size_t key_bytes, uint64_t cost, int64_t now_ns,
                                 cairn_decision* decision_inout, cairn_error** err) noexcept {
  return Tell(limiter, policy, key, key_bytes, now_ns, decision_inout, err,
              [&](Key hashed, int64_t now) {
                return limiter->impl->Check(PolicyId{policy}, hashed, cost, now);
              });
}

cairn_status cairn_limiter_peek(cairn_limiter* limiter, uint32_t policy, const char* key,
                                size_t key_bytes, uint64_t cost, int64_t now_ns,
                                cairn_decision* decision_inout, cairn_error** err) noexcept {
  return Tell(limiter, policy, key, key_bytes, now_ns, decision_inout, err,
              [&](Key hashed, int64_t now) {
                return limiter->impl->Peek(PolicyId{policy}, hashed, cost, now);
              });
}

cairn_status cairn_limiter_acquire(cairn_limiter* limiter, uint32_t policy, const char* key,
                                   size_t key_bytes, uint64_t cost, int64_t max_wait_ns,
                                   cairn_decision* decision_inout, cairn_error** err) noexcept {
  return Tell(limiter, policy, key, key_bytes, 0, decision_inout, err, [&](Key hashed, int64_t) {
    return limiter->impl->Acquire(PolicyId{policy}, hashed, cost, max_wait_ns);
  });
}

cairn_status cairn_limiter_check_many(cairn_limiter* limiter, uint32_t policy,
                                      const char* const* keys, const size_t* key_bytes,
                                      const uint64_t* costs, size_t count, int64_t now_ns,
                                      cairn_decision* decisions_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (count > 0 && decisions_inout == nullptr) {
      return cairn::Error(Code::kInvalidArgument, "decisions_inout is NULL");
    }
    CAIRN_RETURN_IF_ERROR(ForEachDecision(
        decisions_inout, count,
        [](size_t, cairn_decision* decision) { return ClearStruct(decision, "decisions_inout"); }));
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    CAIRN_ASSIGN_OR_RETURN(const std::vector<Key> hashed,
                           ReadKeys(limiter, keys, key_bytes, count));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    std::vector<Decision> decisions(count);
    const std::span<const uint64_t> given(costs, costs == nullptr ? 0 : count);
    limiter->impl->CheckBatch(PolicyId{policy}, hashed, given, now, decisions);
    return ForEachDecision(decisions_inout, count, [&](size_t i, cairn_decision* decision) {
      FillStruct(decision, ToPublic(decisions[i]));
      return cairn::OkStatus();
    });
  });
}

cairn_status cairn_limiter_refund(cairn_limiter* limiter, uint32_t policy, const char* key,
                                  size_t key_bytes, uint64_t cost, int64_t now_ns,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const Key hashed, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    limiter->impl->Refund(PolicyId{policy}, hashed, cost == 0 ? 1 : cost, now);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_release_permit(cairn_limiter* limiter, uint32_t policy, const char* key,
                                          size_t key_bytes, uint64_t permit, int64_t now_ns,
                                          cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const Key hashed, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    limiter->impl->Release(PolicyId{policy}, hashed, permit, now);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_reset(cairn_limiter* limiter, uint32_t policy, const char* key,
                                 size_t key_bytes, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const Key hashed, ReadKey(limiter, policy, key, key_bytes));
    limiter->impl->Reset(PolicyId{policy}, hashed);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_reset_all(cairn_limiter* limiter, uint32_t policy,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    limiter->impl->ResetAll(PolicyId{policy});
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_cleanup(cairn_limiter* limiter, uint32_t policy, int64_t now_ns,
                                   uint64_t* live_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (live_out != nullptr) *live_out = 0;
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    const uint64_t live = limiter->impl->Cleanup(PolicyId{policy}, now);
    if (live_out != nullptr) *live_out = live;
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_stats_get(const cairn_limiter* limiter, uint32_t policy,
                                     cairn_limiter_stats* stats_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    const cairn::limiter::PolicyStats stats = limiter->impl->StatsOf(PolicyId{policy});
    cairn_limiter_stats out{};
    out.rule_count = limiter->impl->ReadyOf(PolicyId{policy}).rule_count;
    out.allowed_count = stats.totals.allowed;
    for (uint64_t refused : stats.totals.refused) out.refused_count += refused;
    out.impossible_count = stats.totals.impossible;
    out.overflowed_count = stats.totals.overflowed;
    out.degraded_count = stats.totals.degraded;
    out.memory_bytes = stats.memory_bytes;
    out.budget_bytes = stats.budget_bytes;
    FillStruct(stats_inout, out);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_metrics(const cairn_limiter* limiter, cairn_buffer** metrics_out,
                                   cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(metrics_out, "metrics_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
    cairn::metrics::Registry registry;
    limiter->impl->ExportTo(&registry);
    return MakeBuffer(registry.ToPrometheusText(), metrics_out);
  });
}

cairn_status cairn_limiter_http_policy(const cairn_limiter* limiter, uint32_t policy,
                                       cairn_buffer** field_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(field_out, "field_out"));
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    return MakeBuffer(
        cairn::limiter::RateLimitPolicyField(limiter->impl->ReadyOf(PolicyId{policy}).policy),
        field_out);
  });
}

cairn_status cairn_decision_http(const cairn_decision* decision, int32_t field,
                                 cairn_buffer** field_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(field_out, "field_out"));
    if (decision == nullptr) return cairn::Error(Code::kInvalidArgument, "decision is NULL");
    CAIRN_RETURN_IF_ERROR(CheckChoice(field, CAIRN_HTTP_RETRY_AFTER, "field"));
    const InputStruct<cairn_decision> given(decision);
    CAIRN_RETURN_IF_ERROR(given.Check("decision"));
    CAIRN_RETURN_IF_ERROR(
        CheckChoice(given->outcome, CAIRN_OUTCOME_IMPOSSIBLE, "decision.outcome"));
    Decision read;
    read.outcome = static_cast<Outcome>(given->outcome);
    read.remaining = given->remaining;
    read.reset_after_ns = given->reset_after_ns;
    read.retry_after_ns = given->retry_after_ns;
    CAIRN_ASSIGN_OR_RETURN(read.rule, ReadText(given->rule, given->rule_bytes, "decision.rule"));
    return MakeBuffer(field == CAIRN_HTTP_RATELIMIT ? cairn::limiter::RateLimitField(read)
                                                    : cairn::limiter::RetryAfterField(read),
                      field_out);
  });
}

cairn_status cairn_ip_prefix(const char* address, size_t address_bytes, uint32_t ipv4_bits,
                             uint32_t ipv6_bits, cairn_buffer** key_out,
                             cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(key_out, "key_out"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadText(address, address_bytes, "address"));
    CAIRN_ASSIGN_OR_RETURN(std::string key,
                           cairn::limiter::IpPrefix(text, ipv4_bits == 0 ? 32 : ipv4_bits,
                                                    ipv6_bits == 0 ? 64 : ipv6_bits));
    return MakeBuffer(std::move(key), key_out);
  });
}
