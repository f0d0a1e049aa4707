#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace cairn::net {

/// Where a socket connects to.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
};

using Addresses = std::shared_ptr<const std::vector<Address>>;

/// The address of a Unix socket; the path is known to fit.
Address UnixAddress(const std::string& path);

/// Looks up a host name, never for longer than the caller has: a lookup that takes longer goes on
/// in a thread of its own and serves a later caller. An address in digits needs none.
///
/// Thread safety: thread-safe; nobody waits while a lock is held. The destructor waits for a lookup
/// that is under way, since nothing can stop the system's.
class Resolver {
 public:
  Resolver(std::string host, uint16_t port);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// At least one address, in the order to try them; timed_out after `deadline_ns`.
  Result<Addresses> Resolve(int64_t deadline_ns) CAIRN_EXCLUDES(mutex_);

  /// None of the addresses answers: the name is looked up again for the next caller.
  void Forget() CAIRN_EXCLUDES(mutex_);

 private:
  struct Lookup;

  /// What the system says about the name; takes as long as it takes.
  Result<Addresses> LookUp() const;
  /// The lookup under way, a new one if there is none.
  Result<std::shared_ptr<Lookup>> Join() CAIRN_REQUIRES(mutex_);

  const std::string host_;
  const std::string port_;
  Mutex mutex_;
  bool is_numeric_ = false;
  Addresses known_ CAIRN_GUARDED_BY(mutex_);
  std::shared_ptr<Lookup> lookup_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::net
