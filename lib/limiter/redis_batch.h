#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "limiter/policy.h"
#include "limiter/redis_script.h"
#include "net/redis_client.h"

namespace cairn::limiter {

/// One decision as its script takes it, and what comes of it.
struct RedisQuestion {
  const RedisScript* script = nullptr;
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
  uint32_t number_count = 0;  ///< that the answer has

  /// Why there is no answer; else the numbers are it.
  Status status = Status(Code::kInternal, "a question was not asked");
  std::array<int64_t, 1 + Policy::kMaxRules * kMostRedisAnswers> numbers{};
};

/// Asks a server several questions in one round trip, those of one script in one call of it, so
/// that the server's work for a call is shared.
///
/// A script that the server does not know (it was restarted) is sent in full once. Nothing else is
/// ever sent twice, unless the server said that it did nothing: one that is part of a cluster takes
/// no call with keys of several slots, and from then on gets a call for each question.
///
/// Thread safety: thread-safe.
class RedisBatch {
 public:
  /// Of one call: more would keep the server from its other clients for longer than they notice.
  static constexpr size_t kMostTogether = 64;

  /// is_spread: keys of different requests may lie on different servers, as behind a proxy.
  RedisBatch(net::RedisClient* client, bool is_spread) : client_(client), is_spread_(is_spread) {}

  /// Answers every question, or says in its status why not. `meanwhile`: see RedisClient::Execute.
  void Ask(std::span<RedisQuestion* const> questions, int64_t timeout_ns,
           const std::function<void()>& meanwhile = {});

 private:
  using Questions = std::vector<RedisQuestion*>;

  std::vector<Questions> Group(std::span<RedisQuestion* const> questions) const;
  /// One round trip; what it leaves to be asked again, and learns.
  Status AskOnce(const std::vector<Questions>& calls,
                 std::unordered_set<const RedisScript*>* unknown, Questions* again,
                 int64_t timeout_ns, const std::function<void()>& meanwhile);

  net::RedisClient* const client_;
  std::atomic<bool> is_spread_;  // relaxed: who learns it late asks once more
};

}  // namespace cairn::limiter
