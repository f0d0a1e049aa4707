#include "net/address.h"

#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"

namespace cairn::net {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

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

/// What getaddrinfo_a reads and writes until it is done; it keeps what it points to alive.
struct Resolver::Lookup {
  struct Request {
    std::string host;
    std::string port;
    addrinfo hints{};
    gaicb control{};
  };
  std::unique_ptr<Request> request = std::make_unique<Request>();

  ~Lookup() {
    if (gai_error(&request->control) == EAI_INPROGRESS &&
        gai_cancel(&request->control) == EAI_NOTCANCELED) {
      // The C library's thread still writes there: one small block is left to it.
      static_cast<void>(request.release());
      return;
    }
    if (request->control.ar_result != nullptr) freeaddrinfo(request->control.ar_result);
  }

  bool WaitUntil(int64_t deadline_ns) const {
    const gaicb* const list[] = {&request->control};
    while (gai_error(&request->control) == EAI_INPROGRESS) {
      const int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
      if (left_ns <= 0) return false;
      const timespec timeout{left_ns / kNsPerSecond, left_ns % kNsPerSecond};
      gai_suspend(list, 1, &timeout);
    }
    return true;
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

Result<std::shared_ptr<Resolver::Lookup>> Resolver::Begin() {
  auto lookup = std::make_shared<Lookup>();
  Lookup::Request& request = *lookup->request;
  request.host = host_;
  request.port = port_;
  request.hints = Hints(AI_NUMERICSERV | AI_ADDRCONFIG);
  request.control.ar_name = request.host.c_str();
  request.control.ar_service = request.port.c_str();
  request.control.ar_request = &request.hints;
  gaicb* list[] = {&request.control};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr); error != 0) {
    return Error(Code::kUnavailable, "cannot look up host '", host_, "': ", gai_strerror(error));
  }
  return lookup;
}

Result<Addresses> Resolver::Resolve(int64_t deadline_ns) {
  std::shared_ptr<Lookup> lookup;
  {
    MutexLock lock(mutex_);
    if (known_ != nullptr) return known_;
    if (lookup_ == nullptr) {
      CAIRN_ASSIGN_OR_RETURN(lookup_, Begin());
    }
    lookup = lookup_;
  }
  if (!lookup->WaitUntil(deadline_ns)) {
    return Error(Code::kTimedOut, "looking up host '", host_, "' takes longer than the call may");
  }
  MutexLock lock(mutex_);
  if (lookup_ == lookup) lookup_ = nullptr;
  if (const int error = gai_error(&lookup->request->control); error != 0) {
    return Error(Code::kUnavailable, "cannot look up host '", host_, "': ", gai_strerror(error));
  }
  known_ = Copy(lookup->request->control.ar_result);
  return known_;
}

void Resolver::Forget() {
  MutexLock lock(mutex_);
  if (!is_numeric_) known_ = nullptr;
}

}  // namespace cairn::net
