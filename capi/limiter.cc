#include <cairn/limiter.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capi/guard.h"
#include "capi/limiter_handle.h"
#include "capi/options.h"
#include "capi/text.h"
#include "limiter/config.h"
#include "limiter/redis_store.h"
#include "net/redis_client.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::limiter::Decision;
using cairn::limiter::Key;
using cairn::limiter::Limiter;
using cairn::limiter::Outcome;
using cairn::limiter::PolicyId;
using cairn::limiter::SharedLimiter;

namespace {

cairn::Result<std::string_view> ReadKey(const cairn_limiter* limiter, uint32_t policy,
                                        const char* key, size_t key_bytes) {
  CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
  return ReadBytes(key, key_bytes, "key");
}

/// Marks permits of this process's own limits among those of a shared store, which are below it.
constexpr uint64_t kLocalPermit = uint64_t{1} << 62;

/// What SharedLimiter needs to know of the decision that is taken back.
Decision GivenBack(uint64_t permit, bool is_local) {
  Decision decision;
  decision.permit = permit & ~kLocalPermit;
  decision.degraded = is_local;
  return decision;
}

cairn::Result<std::unique_ptr<SharedLimiter>> MakeShared(
    const cairn::limiter::SharedSettings& settings, Limiter* local) {
  CAIRN_ASSIGN_OR_RETURN(auto client, cairn::net::RedisClient::Create(settings.redis));
  return std::make_unique<SharedLimiter>(
      std::make_unique<cairn::limiter::RedisStore>(std::move(client), settings.spread), local,
      settings.options);
}

cairn::Result<int64_t> ReadNow(const cairn_limiter* limiter, int64_t now_ns) {
  if (now_ns == 0) return limiter->impl->NowNs();
  if (now_ns > 0) return now_ns;
  return cairn::Error(Code::kInvalidArgument, "now_ns is ", now_ns, ", must not be negative");
}

void Tell(const Decision& decision, cairn_decision* out) {
  out->outcome = static_cast<int32_t>(decision.outcome);
  out->limit = decision.limit;
  out->remaining = decision.remaining;
  out->reset_after_ns = decision.reset_after_ns;
  out->retry_after_ns = decision.retry_after_ns;
  out->permit = decision.permit;
  if (decision.degraded && decision.permit != 0) out->permit |= kLocalPermit;
  out->rule = decision.rule.data();
  out->rule_bytes = decision.rule.size();
  out->overflowed = decision.overflowed ? 1 : 0;
  out->degraded = decision.degraded ? 1 : 0;
}

/// Into a struct that has passed ClearStruct: at once where it is as long as ours.
void FillDecision(const Decision& decision, cairn_decision* inout) {
  if (inout->struct_size == sizeof(cairn_decision)) return Tell(decision, inout);
  cairn_decision whole{};
  Tell(decision, &whole);
  FillStruct(inout, whole);
}

cairn_status CodeOf(const Decision& decision) {
  if (decision.allowed()) return CAIRN_OK;
  return decision.outcome == Outcome::kRefused ? CAIRN_RATE_LIMITED : CAIRN_OUT_OF_RANGE;
}

/// Runs `decide`, a function of a key's bytes and a time, and tells what it said. A refusal is no
/// failure and costs no allocation.
template <typename Decide>
cairn_status Answer(const cairn_limiter* limiter, uint32_t policy, const char* key,
                    size_t key_bytes, int64_t now_ns, cairn_decision* decision_inout,
                    cairn_error** err, const Decide& decide) noexcept {
  cairn_status outcome = CAIRN_OK;
  const cairn_status failure = Guard(err, [&]() -> Status {
    if (decision_inout != nullptr) {
      CAIRN_RETURN_IF_ERROR(ClearStruct(decision_inout, "decision_inout"));
    }
    CAIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    const Decision decision = decide(bytes, now);
    if (decision_inout != nullptr) FillDecision(decision, decision_inout);
    outcome = CodeOf(decision);
    return cairn::OkStatus();
  });
  return failure == CAIRN_OK ? outcome : failure;
}

/// The keys of a batch.
cairn::Result<std::vector<std::string_view>> ReadKeys(const char* const* keys,
                                                      const size_t* key_bytes, size_t count) {
  if (count > 0 && (keys == nullptr || key_bytes == nullptr)) {
    return cairn::Error(Code::kInvalidArgument, "keys or key_bytes is NULL");
  }
  std::vector<std::string_view> read;
  for (size_t i = 0; i < count; ++i) {
    auto bytes = ReadBytes(keys[i], key_bytes[i], "key");
    if (!bytes.ok()) return std::move(bytes).status().WithIndex(i);
    read.push_back(*bytes);
  }
  return read;
}

void CheckAll(cairn_limiter* limiter, PolicyId policy, std::span<const std::string_view> keys,
              std::span<const uint64_t> costs, int64_t now, std::span<Decision> decisions_out) {
  if (limiter->shared != nullptr) {
    limiter->shared->CheckBatch(policy, keys, costs, decisions_out);
    return;
  }
  std::vector<Key> hashed;
  for (std::string_view key : keys) hashed.push_back(limiter->Of(key));
  limiter->impl->CheckBatch(policy, hashed, costs, now, decisions_out);
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
    CAIRN_ASSIGN_OR_RETURN(const auto read, cairn::limiter::ParseConfiguration(json));
    CAIRN_ASSIGN_OR_RETURN(auto made, Limiter::Create(read.policies));
    auto limiter = std::make_unique<cairn_limiter>(std::move(made));
    if (read.shared.has_value()) {
      CAIRN_ASSIGN_OR_RETURN(limiter->shared, MakeShared(*read.shared, limiter->impl.get()));
    }
    *limiter_out = limiter.release();
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
  return Answer(limiter, policy, key, key_bytes, now_ns, decision_inout, err,
                [&](std::string_view bytes, int64_t now) {
                  const PolicyId id{policy};
                  return limiter->shared != nullptr
                             ? limiter->shared->Check(id, bytes, cost)
                             : limiter->impl->Check(id, limiter->Of(bytes), cost, now);
                });
}

cairn_status cairn_limiter_peek(cairn_limiter* limiter, uint32_t policy, const char* key,
                                size_t key_bytes, uint64_t cost, int64_t now_ns,
                                cairn_decision* decision_inout, cairn_error** err) noexcept {
  return Answer(limiter, policy, key, key_bytes, now_ns, decision_inout, err,
                [&](std::string_view bytes, int64_t now) {
                  const PolicyId id{policy};
                  return limiter->shared != nullptr
                             ? limiter->shared->Peek(id, bytes, cost)
                             : limiter->impl->Peek(id, limiter->Of(bytes), cost, now);
                });
}

cairn_status cairn_limiter_acquire(cairn_limiter* limiter, uint32_t policy, const char* key,
                                   size_t key_bytes, uint64_t cost, int64_t max_wait_ns,
                                   cairn_decision* decision_inout, cairn_error** err) noexcept {
  return Answer(limiter, policy, key, key_bytes, 0, decision_inout, err,
                [&](std::string_view bytes, int64_t) {
                  const PolicyId id{policy};
                  return limiter->shared != nullptr
                             ? limiter->shared->Acquire(id, bytes, cost, max_wait_ns)
                             : limiter->impl->Acquire(id, limiter->Of(bytes), cost, max_wait_ns);
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
    CAIRN_ASSIGN_OR_RETURN(const auto read, ReadKeys(keys, key_bytes, count));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    std::vector<Decision> decisions(count);
    const std::span<const uint64_t> given(costs, costs == nullptr ? 0 : count);
    CheckAll(limiter, PolicyId{policy}, read, given, now, decisions);
    return ForEachDecision(decisions_inout, count, [&](size_t i, cairn_decision* decision) {
      FillDecision(decisions[i], decision);
      return cairn::OkStatus();
    });
  });
}

cairn_status cairn_limiter_refund(cairn_limiter* limiter, uint32_t policy, const char* key,
                                  size_t key_bytes, uint64_t cost, int64_t now_ns,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    cost = cost == 0 ? 1 : cost;
    if (limiter->shared != nullptr) {
      const bool is_local = limiter->shared->is_pausing();
      return limiter->shared->Refund(PolicyId{policy}, bytes, cost, GivenBack(0, is_local));
    }
    limiter->impl->Refund(PolicyId{policy}, limiter->Of(bytes), cost, now);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_release_permit(cairn_limiter* limiter, uint32_t policy, const char* key,
                                          size_t key_bytes, uint64_t permit, int64_t now_ns,
                                          cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ReadKey(limiter, policy, key, key_bytes));
    CAIRN_ASSIGN_OR_RETURN(const int64_t now, ReadNow(limiter, now_ns));
    if (limiter->shared != nullptr) {
      const Decision given = GivenBack(permit, (permit & kLocalPermit) != 0);
      return limiter->shared->Release(PolicyId{policy}, bytes, given);
    }
    limiter->impl->Release(PolicyId{policy}, limiter->Of(bytes), permit, now);
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_reset(cairn_limiter* limiter, uint32_t policy, const char* key,
                                 size_t key_bytes, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_ASSIGN_OR_RETURN(const std::string_view bytes, ReadKey(limiter, policy, key, key_bytes));
    if (limiter->shared != nullptr) return limiter->shared->Reset(PolicyId{policy}, bytes);
    limiter->impl->Reset(PolicyId{policy}, limiter->Of(bytes));
    return cairn::OkStatus();
  });
}

cairn_status cairn_limiter_reset_all(cairn_limiter* limiter, uint32_t policy,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckPolicy(limiter, policy));
    if (limiter->shared != nullptr) {
      return cairn::Error(Code::kUnsupported, "keys that are shared in Redis are reset one by one");
    }
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
