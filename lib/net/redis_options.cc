#include "net/redis_options.h"

namespace cairn::net {
namespace {

constexpr uint32_t kMaxConnections = 1024;
constexpr int64_t kMaxTimeoutNs = int64_t{600} * 1'000'000'000;
constexpr size_t kMaxKeyPrefix = 256;

void CheckTimeout(int64_t timeout_ns, std::string_view name, std::vector<std::string>* faults) {
  if (timeout_ns >= 1'000 && timeout_ns <= kMaxTimeoutNs) return;
  faults->push_back(StrCat(name, " must be from 1 microsecond to 10 minutes, and is ", timeout_ns,
                           " nanoseconds"));
}

}  // namespace

std::vector<std::string> FaultsOf(const RedisOptions& options) {
  std::vector<std::string> faults;
  const RedisEndpoint& endpoint = options.endpoint;
  if (endpoint.socket_path.empty() && endpoint.host.empty()) {
    faults.emplace_back("the Redis server has neither a host nor a socket");
  }
  if (endpoint.socket_path.empty() && endpoint.port == 0) {
    faults.emplace_back("the port of the Redis server is 0");
  }
  if (!endpoint.username.empty() && endpoint.password.empty()) {
    faults.push_back(StrCat("the Redis user '", endpoint.username, "' has no password"));
  }
  if (options.max_connections == 0 || options.max_connections > kMaxConnections) {
    faults.push_back(StrCat("max_connections must be from 1 to ", kMaxConnections, ", and is ",
                            options.max_connections));
  }
  CheckTimeout(options.connect_timeout_ns, "connect_timeout", &faults);
  CheckTimeout(options.command_timeout_ns, "command_timeout", &faults);
  if (options.max_reply_bytes < 1024) {
    faults.push_back(
        StrCat("max_reply_bytes must be at least 1024, and is ", options.max_reply_bytes));
  }
  if (options.key_prefix.size() > kMaxKeyPrefix) {
    faults.push_back(StrCat("key_prefix has ", options.key_prefix.size(), " bytes, at most ",
                            kMaxKeyPrefix, " are allowed"));
  }
  // A brace would move the hash tag of the keys, by which a cluster keeps keys together.
  if (options.key_prefix.find_first_of("{}") != std::string::npos) {
    faults.emplace_back("key_prefix holds a brace, which would change the slot of cluster keys");
  }
  return faults;
}

}  // namespace cairn::net
