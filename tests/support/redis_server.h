#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "net/redis_client.h"
#include "net/redis_options.h"
#include "support/temp_dir.h"

namespace cairn::test {

/// A real redis-server with a folder of its own, reachable by a Unix socket and on a free loopback
/// port. It keeps nothing on disk and dies with the scope, or with the test program.
class RedisServer {
 public:
  /// Why there can be none here; empty = there can.
  static std::string WhyNot();

  /// Starts it and waits until it answers; throws when it does not. `arguments` are more of
  /// redis-server's own.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  bool is_running() const { return process_ > 0; }
  std::string socket_path() const { return folder_ / "redis.sock"; }
  uint16_t port() const { return port_; }
  std::string unix_url() const { return "unix://" + socket_path(); }

  /// Options for a client of it: by the Unix socket, with time enough for a busy machine.
  net::RedisOptions ClientOptions() const;

  /// Gone without a word, as in a crash; everything in it is lost.
  void Kill();
  /// On the same socket and port, empty.
  void Start();
  /// Alive, but it does nothing until it is continued; the system still accepts connections for it.
  void Freeze() const;
  void Continue() const;

 private:
  void Launch(const std::string& program);
  bool WaitUntilReady() const;

  TempDir folder_;
  std::vector<std::string> arguments_;
  uint16_t port_ = 0;
  pid_t process_ = -1;
};

/// A port on 127.0.0.1 that nobody uses now.
uint16_t FreePort();

}  // namespace cairn::test

/// Skips a GoogleTest test, with the reason, where no redis-server can be had.
#define CAIRN_REQUIRE_REDIS()                                                \
  do {                                                                       \
    const std::string cairn_why_not_ = ::cairn::test::RedisServer::WhyNot(); \
    if (!cairn_why_not_.empty()) GTEST_SKIP() << cairn_why_not_;             \
  } while (false)
