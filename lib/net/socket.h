#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "net/address.h"

namespace cairn::net {

/// A stream socket on which no call blocks; waiting is a call of its own. Never raises SIGPIPE.
///
/// Thread safety: single-threaded. Ownership: closes what it opened.
class Socket {
 public:
  enum class Ready : uint8_t { kTimedOut, kReadable, kWritable, kBoth };

  Socket() = default;
  ~Socket() { Close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;

  /// Begins to connect; the socket becomes writable when that has ended one way or the other.
  Status Connect(const Address& address);
  /// After it became writable: why the connection could not be made.
  Status ConnectOutcome() const;

  bool is_open() const { return fd_ >= 0; }
  void Close();

  /// Bytes sent or received; 0 when it would block. The other side's end is an error.
  Result<size_t> Send(std::string_view bytes) const;
  Result<size_t> Receive(char* buffer, size_t size) const;

  /// True when nothing has arrived and the other side has not hung up.
  bool IsQuiet() const;

  /// Waits for bytes, and for room if `for_room`, until `deadline_ns` on the monotonic clock.
  Ready Wait(bool for_bytes, bool for_room, int64_t deadline_ns) const;

 private:
  int fd_ = -1;
};

}  // namespace cairn::net
