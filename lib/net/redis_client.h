#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/gate.h"
#include "net/redis_options.h"
#include "net/redis_pipeline.h"
#include "net/redis_pool.h"
#include "net/redis_reply.h"

namespace cairn::net {

/// What a client has done so far.
struct RedisCounts {
  uint64_t calls = 0;     ///< of Execute, refused ones included
  uint64_t commands = 0;  ///< answered
  uint64_t failures = 0;  ///< calls without an answer, those that timed out included
  uint64_t timeouts = 0;
  uint64_t refused = 0;  ///< not made, because the gate was shut
  uint32_t open_connections = 0;
};

/// Speaks to one Redis server, for caches and limits that several processes share.
///
/// No call ever takes longer than its time, whatever the server, the network or the other callers
/// do; that includes waiting for a connection. Nothing is queued for later and nothing is sent
/// twice: a call that failed may or may not have had its effect. During an outage the gate refuses
/// calls at once, and lets one through from time to time; its success ends the outage. Without an
/// outage nothing runs between calls. Connections are made by the calls that need them.
///
/// Thread safety: thread-safe. A call blocks its thread for at most its time.
class RedisClient {
 public:
  /// Does not connect: a server that is not there yet is an outage like any other. All faults of
  /// the options in one invalid_argument; unsupported in a build without Redis.
  static Result<std::shared_ptr<RedisClient>> Create(RedisOptions options);

  /// Sends all commands at once and appends one reply for each, in their order. A command that the
  /// server refused has a reply of kind kError; the call itself fails, and appends nothing, when
  /// there was no answer: unavailable, timed_out, permission_denied (AUTH or SELECT refused),
  /// data_loss (no Redis server), out_of_range (a reply above max_reply_bytes).
  /// `timeout_ns` 0 = the command_timeout of the options. `meanwhile`, if not empty, is called at
  /// most once, when the commands are sent and there is nothing to do but wait.
  Status Execute(const RedisPipeline& pipeline, std::vector<RedisReply>* replies,
                 int64_t timeout_ns = 0, const std::function<void()>& meanwhile = {});

  /// One command. A refusal by the server is failed_precondition with its words.
  Result<RedisReply> Call(std::initializer_list<std::string_view> words, int64_t timeout_ns = 0);

  /// unavailable during an outage, when a call would be refused at once: before work is done to
  /// prepare one. Counts as a refused call when it fails.
  Status CheckReachable();

  /// The name of a key of ours: the prefix and `name`.
  std::string Key(std::string_view name) const { return StrCat(options_.key_prefix, name); }

  const RedisOptions& options() const { return options_; }
  RedisCounts counts() const;

 private:
  explicit RedisClient(RedisOptions options);

  Status Refuse();
  Status ExecuteWithin(int64_t deadline_ns, const RedisPipeline& pipeline,
                       const std::function<void()>& meanwhile, std::vector<RedisReply>* replies,
                       Outcome* outcome);
  void Count(const Status& status, size_t command_count);

  const RedisOptions options_;
  const std::shared_ptr<Gate> gate_;
  RedisPool pool_;
  // Statistics: relaxed, they order nothing.
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> commands_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> timeouts_{0};
  std::atomic<uint64_t> refused_{0};
};

}  // namespace cairn::net
