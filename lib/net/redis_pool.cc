#include "net/redis_pool.h"

#include "base/clock.h"

namespace cairn::net {

RedisPool::RedisPool(const RedisOptions* options) : options_(options) {
  const RedisEndpoint& endpoint = options->endpoint;
  if (endpoint.socket_path.empty()) {
    resolver_ = std::make_unique<Resolver>(endpoint.host, endpoint.port);
  } else {
    socket_address_ = std::make_shared<std::vector<Address>>(1, UnixAddress(endpoint.socket_path));
  }
}

Result<std::unique_ptr<RedisConnection>> RedisPool::Take(int64_t deadline_ns) {
  for (;;) {
    CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, TakeIdle(deadline_ns));
    if (connection == nullptr) return Make(deadline_ns);
    if (connection->IsUsable()) return connection;
    Leave();  // the server hung up while it was idle
  }
}

Result<std::unique_ptr<RedisConnection>> RedisPool::TakeIdle(int64_t deadline_ns) {
  MutexLock lock(mutex_);
  for (;;) {
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    if (open_count_ < options_->max_connections) {
      ++open_count_;
      return std::unique_ptr<RedisConnection>();
    }
    const int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
    if (left_ns <= 0) {
      return Error(Code::kTimedOut, "Redis at ", options_->endpoint.Where(), ": all ",
                   options_->max_connections, " connections were busy for the time of the call");
    }
    returned_.WaitFor(mutex_, left_ns);
  }
}

Result<std::unique_ptr<RedisConnection>> RedisPool::Make(int64_t deadline_ns) {
  Addresses addresses = socket_address_;
  if (resolver_ != nullptr) {
    Result<Addresses> resolved = resolver_->Resolve(deadline_ns);
    if (!resolved.ok()) {
      Leave();
      return std::move(resolved).status().WithContext("Redis");
    }
    addresses = *std::move(resolved);
  }
  return std::make_unique<RedisConnection>(options_, std::move(addresses));
}

void RedisPool::GiveBack(std::unique_ptr<RedisConnection> connection) {
  if (connection->is_unreachable() && resolver_ != nullptr) resolver_->Forget();
  if (!connection->IsUsable()) {
    connection.reset();
    Leave();
    return;
  }
  {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.Signal();
}

void RedisPool::Leave() {
  {
    MutexLock lock(mutex_);
    --open_count_;
  }
  returned_.Signal();
}

uint32_t RedisPool::open_count() const {
  MutexLock lock(mutex_);
  return open_count_;
}

}  // namespace cairn::net
