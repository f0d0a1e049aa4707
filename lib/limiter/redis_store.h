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
#include "limiter/combiner.h"
#include "limiter/redis_batch.h"
#include "limiter/redis_script.h"
#include "limiter/store.h"
#include "net/redis_client.h"

namespace cairn::limiter {

/// Limits kept in Redis, by that server's clock: every process that uses the same server, key
/// prefix and policy name shares them.
///
/// One decision is one script, so one round trip, whatever the number of rules. Those that threads
/// ask for at the same time travel together (Combiner), and so do the calls of DecideMany: they are
/// answered by one call of the script (RedisBatch). A script that the server does not know (it was
/// restarted) is sent in full once; nothing else is ever sent twice. Every rule of a policy and key
/// has a key of its own in
/// Redis, all with the same hash tag, so that a cluster keeps them together; each expires when it
/// says nothing any more. Of the algorithms, the fixed window differs from the one in process: its
/// windows are aligned to the server's clock.
///
/// The server must not evict these keys: with a maxmemory policy that does, limits are forgotten.
///
/// Thread safety: thread-safe.
class RedisStore final : public Store {
 public:
  /// is_spread: the client's server is a proxy that spreads keys over servers, so that no script
  /// may have keys of two requests. A Redis cluster is found out without being told.
  explicit RedisStore(std::shared_ptr<net::RedisClient> client, bool is_spread = false);

  Result<Decision> Decide(const StoreCall& call, int64_t timeout_ns) override;
  Status DecideMany(std::span<const StoreCall> calls, std::span<Decision> decisions_out,
                    int64_t timeout_ns) override;
  Status Refund(const Policy& policy, std::string_view key, uint64_t cost,
                int64_t timeout_ns) override;
  Status Release(const Policy& policy, std::string_view key, uint64_t permit,
                 int64_t timeout_ns) override;
  Status Reset(const Policy& policy, std::string_view key, int64_t timeout_ns) override;

 private:
  /// A question that may outlive its asker.
  struct Shared final : Combiner::Item {
    RedisQuestion question;
  };

  const RedisScript* ScriptFor(RedisAction action, std::span<const RedisForm> forms)
      CAIRN_EXCLUDES(mutex_);
  std::string KeyOf(const Policy& policy, const Rule& rule, std::string_view key) const;
  RedisQuestion QuestionOf(RedisAction action, const StoreCall& call, uint64_t permit);
  /// A permit where the call takes one, else 0.
  Result<uint64_t> Prepare(const StoreCall& call);
  void Send(const Combiner::Items& items, int64_t timeout_ns,
            const std::function<void()>& meanwhile);
  uint64_t NewPermit();

  const std::shared_ptr<net::RedisClient> client_;
  RedisBatch batch_;
  Combiner combiner_;
  std::atomic<uint64_t> permits_;  // relaxed: only that no two are equal matters
  Mutex mutex_;
  /// By action and the forms of the rules. Never removed from.
  std::map<std::string, RedisScript, std::less<>> scripts_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::limiter
