// What a limiter tells in texts: HTTP fields, metrics, networks of addresses.
#include <memory>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/limiter_handle.h"
#include "capi/options.h"
#include "capi/text.h"
#include "limiter/http_fields.h"
#include "limiter/ip_prefix.h"
#include "observe/metrics.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::limiter::Decision;
using cairn::limiter::Outcome;
using cairn::limiter::PolicyId;

namespace {

Status MakeBuffer(std::string text, cairn_buffer** out) {
  *out = std::make_unique<cairn_buffer>(std::move(text)).release();
  return cairn::OkStatus();
}

}  // namespace

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
