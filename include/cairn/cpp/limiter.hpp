// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_LIMITER_HPP_
#define CAIRN_CPP_LIMITER_HPP_

#include <cairn/limiter.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

/// The answer about one request; see cairn_decision.
class Decision {
 public:
  explicit Decision(const cairn_decision& raw) : raw_(raw) {}

  bool allowed() const noexcept { return raw_.outcome == CAIRN_OUTCOME_ALLOWED; }
  explicit operator bool() const noexcept { return allowed(); }
  /// The cost is above what the limit ever holds.
  bool impossible() const noexcept { return raw_.outcome == CAIRN_OUTCOME_IMPOSSIBLE; }
  std::uint64_t limit() const noexcept { return raw_.limit; }
  std::uint64_t remaining() const noexcept { return raw_.remaining; }
  std::int64_t reset_after_ns() const noexcept { return raw_.reset_after_ns; }
  std::int64_t retry_after_ns() const noexcept { return raw_.retry_after_ns; }
  std::uint64_t permit() const noexcept { return raw_.permit; }
  bool overflowed() const noexcept { return raw_.overflowed != 0; }
  bool degraded() const noexcept { return raw_.degraded != 0; }
  /// Lives as long as the limiter.
  std::string_view rule() const noexcept { return {raw_.rule, raw_.rule_bytes}; }

  /// Value of the HTTP field RateLimit.
  std::string http_ratelimit() const { return field(CAIRN_HTTP_RATELIMIT); }
  /// Value of the HTTP field Retry-After; empty when nothing was refused.
  std::string http_retry_after() const { return field(CAIRN_HTTP_RETRY_AFTER); }

 private:
  std::string field(std::int32_t which) const {
    detail::ErrorSlot error;
    cairn_buffer* text = nullptr;
    error.check(cairn_decision_http(&raw_, which, &text, error.out()));
    return detail::to_string(text);
  }

  cairn_decision raw_;
};

/// Rate limits by policy and key. Copies refer to the same limiter. Thread-safe.
class RateLimiter {
 public:
  /// See cairn_limiter_create for the configuration.
  explicit RateLimiter(std::string_view config_json) {
    detail::ErrorSlot error;
    cairn_limiter* limiter = nullptr;
    error.check(
        cairn_limiter_create(config_json.data(), config_json.size(), &limiter, error.out()));
    handle_ = Handle(limiter);
  }

  /// Number of a policy, to be asked for once. Throws CAIRN_NOT_FOUND.
  std::uint32_t policy(std::string_view name) const {
    detail::ErrorSlot error;
    std::uint32_t number = 0;
    error.check(cairn_limiter_policy(get(), name.data(), name.size(), &number, error.out()));
    return number;
  }
  std::vector<std::string> policy_names() const {
    detail::ErrorSlot error;
    cairn_list* names = nullptr;
    error.check(cairn_limiter_policy_names(get(), &names, error.out()));
    return detail::to_strings(names);
  }
  /// Adds or changes a policy, and gives its number.
  std::uint32_t set_policy(std::string_view name, std::string_view policy_json) {
    detail::ErrorSlot error;
    std::uint32_t number = 0;
    error.check(cairn_limiter_set_policy(get(), name.data(), name.size(), policy_json.data(),
                                         policy_json.size(), &number, error.out()));
    return number;
  }

  /// Charges the key when every limit lets the cost pass. now_ns: 0 = the limiter's clock.
  Decision check(std::uint32_t policy, std::string_view key, std::uint64_t cost = 1,
                 std::int64_t now_ns = 0) {
    return decide(cairn_limiter_check, policy, key, cost, now_ns);
  }
  /// What check would say; charges nothing.
  Decision peek(std::uint32_t policy, std::string_view key, std::uint64_t cost = 1,
                std::int64_t now_ns = 0) {
    return decide(cairn_limiter_peek, policy, key, cost, now_ns);
  }
  /// check that waits at most max_wait_ns. Blocks.
  Decision acquire(std::uint32_t policy, std::string_view key, std::uint64_t cost,
                   std::int64_t max_wait_ns) {
    return decide(cairn_limiter_acquire, policy, key, cost, max_wait_ns);
  }

  void refund(std::uint32_t policy, std::string_view key, std::uint64_t cost = 1,
              std::int64_t now_ns = 0) {
    detail::ErrorSlot error;
    error.check(
        cairn_limiter_refund(get(), policy, key.data(), key.size(), cost, now_ns, error.out()));
  }
  /// Gives the permit of a decision back, once.
  void release(std::uint32_t policy, std::string_view key, const Decision& decision,
               std::int64_t now_ns = 0) {
    detail::ErrorSlot error;
    error.check(cairn_limiter_release_permit(get(), policy, key.data(), key.size(),
                                             decision.permit(), now_ns, error.out()));
  }
  void reset(std::uint32_t policy, std::string_view key) {
    detail::ErrorSlot error;
    error.check(cairn_limiter_reset(get(), policy, key.data(), key.size(), error.out()));
  }
  void reset_all(std::uint32_t policy) {
    detail::ErrorSlot error;
    error.check(cairn_limiter_reset_all(get(), policy, error.out()));
  }
  cairn_limiter_stats stats(std::uint32_t policy) const {
    cairn_limiter_stats stats{};
    stats.struct_size = sizeof(stats);
    detail::ErrorSlot error;
    error.check(cairn_limiter_stats_get(get(), policy, &stats, error.out()));
    return stats;
  }
  /// In the Prometheus text format.
  std::string metrics() const {
    detail::ErrorSlot error;
    cairn_buffer* text = nullptr;
    error.check(cairn_limiter_metrics(get(), &text, error.out()));
    return detail::to_string(text);
  }
  /// Value of the HTTP field RateLimit-Policy.
  std::string http_policy(std::uint32_t policy) const {
    detail::ErrorSlot error;
    cairn_buffer* text = nullptr;
    error.check(cairn_limiter_http_policy(get(), policy, &text, error.out()));
    return detail::to_string(text);
  }

  cairn_limiter* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Shared<cairn_limiter, cairn_limiter_retain, cairn_limiter_release>;
  using Call = cairn_status (*)(cairn_limiter*, std::uint32_t, const char*, std::size_t,
                                std::uint64_t, std::int64_t, cairn_decision*, cairn_error**);

  Decision decide(Call call, std::uint32_t policy, std::string_view key, std::uint64_t cost,
                  std::int64_t time_ns) {
    cairn_decision raw{};
    raw.struct_size = sizeof(raw);
    detail::ErrorSlot error;
    const cairn_status status =
        call(get(), policy, key.data(), key.size(), cost, time_ns, &raw, error.out());
    if (status != CAIRN_RATE_LIMITED && status != CAIRN_OUT_OF_RANGE) error.check(status);
    return Decision(raw);
  }

  Handle handle_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_LIMITER_HPP_
