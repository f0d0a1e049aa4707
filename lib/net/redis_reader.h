#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "net/redis_reply.h"

namespace cairn::net {

/// Makes replies of the bytes that a server sends, in whatever pieces they arrive. The only part
/// that knows hiredis.
///
/// A reply that is no Redis reply, or larger than the bound, is an error for good: what follows it
/// in the stream means nothing.
///
/// Thread safety: single-threaded.
class RedisReader {
 public:
  /// Unsupported in a build without Redis.
  static Result<std::unique_ptr<RedisReader>> Create(size_t max_reply_bytes);
  /// Whether this build can speak to Redis.
  static bool IsSupported();

  virtual ~RedisReader() = default;
  virtual Status Feed(std::string_view bytes) = 0;
  /// Moves the next complete reply out; false = it is not complete yet.
  virtual Result<bool> Next(RedisReply* reply) = 0;
};

}  // namespace cairn::net
