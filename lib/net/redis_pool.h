#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/address.h"
#include "net/redis_connection.h"
#include "net/redis_options.h"

namespace cairn::net {

/// A bounded number of connections. The one used last is used next, so that few of them stay busy
/// and the others can be closed by the server when it likes.
///
/// Thread safety: thread-safe; no lock is held while anything is sent, awaited or closed.
class RedisPool {
 public:
  explicit RedisPool(const RedisOptions* options);

  /// A connection that is nobody else's, possibly not made yet. timed_out after `deadline_ns`.
  Result<std::unique_ptr<RedisConnection>> Take(int64_t deadline_ns) CAIRN_EXCLUDES(mutex_);
  /// Every connection that was taken comes back; one that is not usable is closed.
  void GiveBack(std::unique_ptr<RedisConnection> connection) CAIRN_EXCLUDES(mutex_);

  uint32_t open_count() const CAIRN_EXCLUDES(mutex_);

 private:
  /// An idle connection, or null when one may be made; waits for either.
  Result<std::unique_ptr<RedisConnection>> TakeIdle(int64_t deadline_ns) CAIRN_EXCLUDES(mutex_);
  Result<std::unique_ptr<RedisConnection>> Make(int64_t deadline_ns) CAIRN_EXCLUDES(mutex_);
  void Leave() CAIRN_EXCLUDES(mutex_);

  const RedisOptions* const options_;
  std::unique_ptr<Resolver> resolver_;  ///< null with a Unix socket
  Addresses socket_address_;
  mutable Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<RedisConnection>> idle_ CAIRN_GUARDED_BY(mutex_);
  uint32_t open_count_ CAIRN_GUARDED_BY(mutex_) = 0;  ///< idle and taken
};

}  // namespace cairn::net
