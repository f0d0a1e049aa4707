#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "limiter/redis_script.h"
#include "limiter/store.h"
#include "net/redis_client.h"

namespace cairn::limiter {

/// Limits kept in Redis, by that server's clock: every process that uses the same server, key
/// prefix and policy name shares them.
///
/// One decision is one script, so one round trip, whatever the number of rules; several decisions
/// are one pipeline. A script that the server does not know (it was restarted) is sent in full
/// once; nothing else is ever sent twice. Every rule of a policy and key has a key of its own in
/// Redis, all with the same hash tag, so that a cluster keeps them together; each expires when it
/// says nothing any more. Of the algorithms, the fixed window differs from the one in process: its
/// windows are aligned to the server's clock.
///
/// The server must not evict these keys: with a maxmemory policy that does, limits are forgotten.
///
/// Thread safety: thread-safe.
class RedisStore final : public Store {
 public:
  explicit RedisStore(std::shared_ptr<net::RedisClient> client);

  Result<Decision> Decide(const StoreCall& call, int64_t timeout_ns) override;
  Status DecideMany(std::span<const StoreCall> calls, std::span<Decision> decisions_out,
                    int64_t timeout_ns) override;
  Status Refund(const Policy& policy, std::string_view key, uint64_t cost,
                int64_t timeout_ns) override;
  Status Release(const Policy& policy, std::string_view key, uint64_t permit,
                 int64_t timeout_ns) override;
  Status Reset(const Policy& policy, std::string_view key, int64_t timeout_ns) override;

 private:
  /// A script with its words: name or source, number of keys, keys, arguments.
  struct Invocation {
    const RedisScript* script = nullptr;
    size_t key_count = 0;
    std::vector<std::string> words;
  };

  const RedisScript* ScriptFor(RedisAction action, std::span<const RedisForm> forms)
      CAIRN_EXCLUDES(mutex_);
  std::string KeyOf(const Policy& policy, const Rule& rule, std::string_view key) const;
  Invocation Invoke(RedisAction action, const StoreCall& call, uint64_t permit);
  /// One reply for each; those of scripts that the server didn't know come from a second sending.
  Result<std::vector<net::RedisReply>> Run(std::span<const Invocation> invocations,
                                           int64_t timeout_ns);
  uint64_t NewPermit();

  const std::shared_ptr<net::RedisClient> client_;
  std::atomic<uint64_t> permits_;  // relaxed: only that no two are equal matters
  Mutex mutex_;
  /// By action and the forms of the rules. Never removed from.
  std::map<std::string, RedisScript, std::less<>> scripts_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::limiter
