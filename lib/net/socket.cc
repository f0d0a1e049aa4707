#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/clock.h"

namespace cairn::net {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

Status SystemFailure(std::string_view what, int error) {
  return Error(Code::kUnavailable, what, ": ", std::generic_category().message(error));
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Socket::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Status Socket::Connect(const Address& address) {
  Close();
  fd_ = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return SystemFailure("no socket", errno);
  if (address.family() != AF_UNIX) {
    const int on = 1;  // commands are small and must not wait for each other's acknowledgement
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(fd_, name, address.size) == 0 || errno == EINPROGRESS) return OkStatus();
  const int error = errno;
  Close();
  return SystemFailure("cannot connect", error);
}

Status Socket::ConnectOutcome() const {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? OkStatus() : SystemFailure("cannot connect", error);
}

Result<size_t> Socket::Send(std::string_view bytes) const {
  const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (WouldBlock(errno)) return size_t{0};
  return SystemFailure("cannot send", errno);
}

Result<size_t> Socket::Receive(char* buffer, size_t size) const {
  const ssize_t received = recv(fd_, buffer, size, MSG_DONTWAIT);
  if (received > 0) return static_cast<size_t>(received);
  if (received == 0) return Status(Code::kUnavailable, "the server closed the connection");
  if (WouldBlock(errno)) return size_t{0};
  return SystemFailure("cannot receive", errno);
}

bool Socket::IsQuiet() const {
  char byte = 0;
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && WouldBlock(errno);
}

Socket::Ready Socket::Wait(bool for_bytes, bool for_room, int64_t deadline_ns) const {
  pollfd entry{};
  entry.fd = fd_;
  entry.events = static_cast<short>((for_bytes ? POLLIN : 0) | (for_room ? POLLOUT : 0));
  for (;;) {
    int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
    if (left_ns < 0) left_ns = 0;
    const timespec timeout{left_ns / kNsPerSecond, left_ns % kNsPerSecond};
    const int count = ppoll(&entry, 1, &timeout, nullptr);
    if (count == 0) return Ready::kTimedOut;
    if (count < 0) {
      if (errno == EINTR) continue;
      return Ready::kBoth;  // the next call on the socket says what is wrong
    }
    break;
  }
  const bool failed = (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  const bool readable = failed || (entry.revents & POLLIN) != 0;
  const bool writable = failed || (entry.revents & POLLOUT) != 0;
  if (readable && writable) return Ready::kBoth;
  return readable ? Ready::kReadable : Ready::kWritable;
}

}  // namespace cairn::net
