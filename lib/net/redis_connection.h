#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "net/address.h"
#include "net/redis_options.h"
#include "net/redis_pipeline.h"
#include "net/redis_reader.h"
#include "net/redis_reply.h"
#include "net/socket.h"

namespace cairn::net {

/// One connection to a Redis server: made, introduced (AUTH, SELECT) and used without ever waiting
/// beyond a deadline.
///
/// A deadline that passes while the connection is still being made leaves it being made, so that a
/// slow network can be reached by calls that are each too short. One that passes while answers are
/// due closes it, since the next answers would belong to the wrong call.
///
/// Thread safety: single-threaded.
class RedisConnection {
 public:
  RedisConnection(const RedisOptions* options, Addresses addresses);

  /// Sends the commands and appends one reply for each; `replies` is as before when it fails.
  /// `meanwhile`, if not empty, is called when all is sent.
  Status Exchange(const RedisPipeline& pipeline, int64_t deadline_ns,
                  const std::function<void()>& meanwhile, std::vector<RedisReply>* replies);

  /// Still good for a call: being made, or made and with nothing unexpected in it.
  bool IsUsable() const;
  /// No connection could be made: the addresses may be out of date.
  bool is_unreachable() const { return is_unreachable_; }
  void Close() { socket_.Close(); }

 private:
  Status Establish(int64_t deadline_ns);
  /// Begins with the next address; says why when there is none left.
  Status DialNext(const Status& why_not_last);
  /// Puts AUTH and SELECT before the first commands.
  void Introduce();
  Status Transfer(const RedisPipeline& pipeline, int64_t deadline_ns,
                  const std::function<void()>& meanwhile, std::vector<RedisReply>* replies);
  Status ReceiveSome(size_t reply_count, std::vector<RedisReply>* replies);
  Status TakeReplies(size_t reply_count, std::vector<RedisReply>* replies);
  Status CheckIntroduction(const RedisReply& reply) const;

  const RedisOptions* const options_;
  const Addresses addresses_;
  size_t next_address_ = 0;
  Socket socket_;
  bool is_made_ = false;
  bool is_unreachable_ = false;
  int64_t dial_deadline_ns_ = 0;
  RedisPipeline introduction_;
  size_t introduction_replies_ = 0;  ///< still due, before those of the commands
  std::unique_ptr<RedisReader> reader_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace cairn::net
