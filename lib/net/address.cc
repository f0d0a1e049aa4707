#include "net/address.h"

#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>

#include "base/clock.h"

namespace cairn::net {
namespace {

addrinfo Hints(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  return hints;
}

Addresses Copy(const addrinfo* list) {
  auto addresses = std::make_shared<std::vector<Address>>();
  for (; list != nullptr; list = list->ai_next) {
    Address address;
    address.size = std::min<socklen_t>(list->ai_addrlen, sizeof(address.storage));
    std::memcpy(&address.storage, list->ai_addr, address.size);
    addresses->push_back(address);
  }
  return addresses;
}

}  // namespace

Address UnixAddress(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof(name.sun_path) - 1));
  Address address;
  std::memcpy(&address.storage, &name, sizeof(name));
  address.size = sizeof(name);
  return address;
}

/// One question to the system, and those who wait for the answer.
struct Resolver::Lookup {
  Mutex mutex;
  CondVar done;
  std::optional<Result<Addresses>> answer CAIRN_GUARDED_BY(mutex);
  std::thread thread;

  ~Lookup() {
    if (thread.joinable()) thread.join();
  }

  /// Nothing when there is no answer by then.
  std::optional<Result<Addresses>> Await(int64_t deadline_ns) {
    MutexLock lock(mutex);
    while (!answer.has_value()) {
      const int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
      if (left_ns <= 0) break;
      done.WaitFor(mutex, left_ns);
    }
    return answer;
  }
};

Resolver::Resolver(std::string host, uint16_t port)
    : host_(std::move(host)), port_(std::to_string(port)) {
  const addrinfo hints = Hints(AI_NUMERICHOST | AI_NUMERICSERV);
  addrinfo* list = nullptr;
  if (getaddrinfo(host_.c_str(), port_.c_str(), &hints, &list) != 0) return;
  known_ = Copy(list);
  is_numeric_ = true;
  freeaddrinfo(list);
}

Resolver::~Resolver() = default;

Result<Addresses> Resolver::LookUp() const {
  const addrinfo hints = Hints(AI_NUMERICSERV | AI_ADDRCONFIG);
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host_.c_str(), port_.c_str(), &hints, &list);
  if (error != 0) {
    return Error(Code::kUnavailable, "cannot look up host '", host_, "': ", gai_strerror(error));
  }
  Addresses found = Copy(list);
  freeaddrinfo(list);
  return found;
}

Result<std::shared_ptr<Resolver::Lookup>> Resolver::Join() {
  if (lookup_ != nullptr) return lookup_;
  auto lookup = std::make_shared<Lookup>();
  try {
    // The resolver ends the lookup before itself, so that the thread may use both.
    lookup->thread = std::thread([this, raw = lookup.get()] {
      Result<Addresses> answer = LookUp();
      MutexLock lock(raw->mutex);
      raw->answer = std::move(answer);
      raw->done.SignalAll();
    });
  } catch (const std::system_error&) {
    return Error(Code::kUnavailable, "cannot look up host '", host_, "': no more threads");
  }
  lookup_ = lookup;
  return lookup;
}

Result<Addresses> Resolver::Resolve(int64_t deadline_ns) {
  std::shared_ptr<Lookup> lookup;
  {
    MutexLock lock(mutex_);
    if (known_ != nullptr) return known_;
    CAIRN_ASSIGN_OR_RETURN(lookup, Join());
  }
  std::optional<Result<Addresses>> answer = lookup->Await(deadline_ns);
  if (!answer.has_value()) {
    return Error(Code::kTimedOut, "looking up host '", host_, "' takes longer than the call may");
  }
  MutexLock lock(mutex_);
  if (lookup_ == lookup) {
    lookup_ = nullptr;
    if (answer->ok()) known_ = **answer;
  }
  return *std::move(answer);
}

void Resolver::Forget() {
  MutexLock lock(mutex_);
  if (!is_numeric_) known_ = nullptr;
}

}  // namespace cairn::net
