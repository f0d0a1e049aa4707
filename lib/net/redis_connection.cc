#include "net/redis_connection.h"

#include <algorithm>

#include "base/clock.h"

namespace cairn::net {
namespace {

constexpr size_t kBufferBytes = size_t{16} << 10;  // hiredis keeps up to as much for its next bytes

int64_t Now() { return Clock::System()->MonotonicNs(); }

}  // namespace

RedisConnection::RedisConnection(const RedisOptions* options, Addresses addresses)
    : options_(options), addresses_(std::move(addresses)) {}

bool RedisConnection::IsUsable() const {
  return socket_.is_open() && (!is_made_ || socket_.IsQuiet());
}

Status RedisConnection::Exchange(const RedisPipeline& pipeline, int64_t deadline_ns,
                                 const std::function<void()>& meanwhile,
                                 std::vector<RedisReply>* replies) {
  const size_t before = replies->size();
  Status status = Establish(deadline_ns);
  if (status.ok()) {
    status = Transfer(pipeline, deadline_ns, meanwhile, replies);
    if (!status.ok()) Close();
  }
  if (status.ok()) return status;
  replies->resize(before);
  return std::move(status).WithContext(StrCat("Redis at ", options_->endpoint.Where()));
}

Status RedisConnection::DialNext(const Status& why_not_last) {
  Status failure = why_not_last;
  while (next_address_ < addresses_->size()) {
    failure = socket_.Connect((*addresses_)[next_address_++]);
    if (failure.ok()) return failure;
  }
  socket_.Close();
  is_unreachable_ = true;
  return failure;
}

Status RedisConnection::Establish(int64_t deadline_ns) {
  if (is_made_) return OkStatus();
  if (!socket_.is_open()) {
    CAIRN_ASSIGN_OR_RETURN(reader_, RedisReader::Create(options_->max_reply_bytes));
    buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
    dial_deadline_ns_ = Now() + options_->connect_timeout_ns;
    CAIRN_RETURN_IF_ERROR(DialNext(Status(Code::kUnavailable, "it has no address")));
  }
  for (;;) {
    const int64_t until_ns = std::min(deadline_ns, dial_deadline_ns_);
    if (socket_.Wait(false, true, until_ns) == Socket::Ready::kTimedOut) {
      if (Now() >= dial_deadline_ns_) {
        Close();
        is_unreachable_ = true;
        return Status(Code::kTimedOut, "connecting took too long");
      }
      return Status(Code::kTimedOut, "still connecting when the time of the call was up");
    }
    const Status outcome = socket_.ConnectOutcome();
    if (outcome.ok()) break;
    CAIRN_RETURN_IF_ERROR(DialNext(outcome));
  }
  is_made_ = true;
  Introduce();
  return OkStatus();
}

void RedisConnection::Introduce() {
  const RedisEndpoint& endpoint = options_->endpoint;
  if (!endpoint.password.empty()) {
    if (endpoint.username.empty()) {
      introduction_.Add({"AUTH", endpoint.password});
    } else {
      introduction_.Add({"AUTH", endpoint.username, endpoint.password});
    }
  }
  if (endpoint.database != 0) introduction_.Add({"SELECT", std::to_string(endpoint.database)});
  introduction_replies_ = introduction_.size();
}

Status RedisConnection::Transfer(const RedisPipeline& pipeline, int64_t deadline_ns,
                                 const std::function<void()>& meanwhile,
                                 std::vector<RedisReply>* replies) {
  // The commands follow the introduction without waiting for its answer.
  const std::string introduced =
      introduction_.empty() ? std::string() : introduction_.bytes() + pipeline.bytes();
  std::string_view unsent = introduction_.empty() ? pipeline.bytes() : introduced;
  introduction_.Clear();
  const size_t reply_count = replies->size() + pipeline.size();
  while (!unsent.empty() || replies->size() < reply_count) {
    if (!unsent.empty()) {
      CAIRN_ASSIGN_OR_RETURN(const size_t sent, socket_.Send(unsent));
      unsent.remove_prefix(sent);
      if (unsent.empty() && meanwhile) meanwhile();
    }
    // Answers are read while there is more to send: neither side may wait for the other for ever.
    const Socket::Ready ready = socket_.Wait(true, !unsent.empty(), deadline_ns);
    if (ready == Socket::Ready::kTimedOut) {
      return Status(Code::kTimedOut, "no answer within the time of the call");
    }
    if (ready == Socket::Ready::kWritable) continue;
    CAIRN_RETURN_IF_ERROR(ReceiveSome(reply_count, replies));
  }
  return OkStatus();
}

Status RedisConnection::ReceiveSome(size_t reply_count, std::vector<RedisReply>* replies) {
  CAIRN_ASSIGN_OR_RETURN(const size_t size, socket_.Receive(buffer_.get(), kBufferBytes));
  CAIRN_RETURN_IF_ERROR(reader_->Feed({buffer_.get(), size}));
  return TakeReplies(reply_count, replies);
}

Status RedisConnection::TakeReplies(size_t reply_count, std::vector<RedisReply>* replies) {
  for (;;) {
    RedisReply reply;
    CAIRN_ASSIGN_OR_RETURN(const bool is_complete, reader_->Next(&reply));
    if (!is_complete) return OkStatus();
    if (introduction_replies_ > 0) {
      CAIRN_RETURN_IF_ERROR(CheckIntroduction(reply));
      --introduction_replies_;
    } else if (replies->size() < reply_count) {
      replies->push_back(std::move(reply));
    } else {
      return Status(Code::kDataLoss, "an answer came that nobody asked for");
    }
  }
}

Status RedisConnection::CheckIntroduction(const RedisReply& reply) const {
  if (reply.is_error()) {
    const bool is_loading = reply.text.starts_with("LOADING");
    return Error(is_loading ? Code::kUnavailable : Code::kPermissionDenied,
                 "it does not let us in: ", reply.text);
  }
  return OkStatus();
}

}  // namespace cairn::net
