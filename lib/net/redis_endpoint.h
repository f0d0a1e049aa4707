#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::net {

/// Which server, which database, and as whom.
struct RedisEndpoint {
  std::string host = "127.0.0.1";  ///< a name or an address; not used with a socket
  uint16_t port = 6379;
  std::string socket_path;  ///< of a Unix socket; empty = TCP
  std::string username;     ///< empty = the server's default user
  std::string password;     ///< empty = no AUTH
  uint32_t database = 0;

  /// For messages: where, without the password.
  std::string Where() const;
};

/// Reads one of
///   redis://[[user]:password@]host[:port][/database]
///   unix://[[user]:password@]/path/of/socket[?db=database]
/// with percent-encoding in user, password and path, and IPv6 addresses in brackets. What is wrong
/// with it is said without repeating the password.
Result<RedisEndpoint> ParseRedisUrl(std::string_view url);

}  // namespace cairn::net
