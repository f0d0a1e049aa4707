#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace cairn::test {

/// A server on a free loopback port that accepts every connection and gives the same bytes back for
/// whatever it receives, or nothing at all.
class FakeServer {
 public:
  struct Manners {
    std::string greeting;   ///< sent as soon as a connection is accepted
    std::string answer;     ///< sent for each piece that arrives; empty = never an answer
    bool hangs_up = false;  ///< closes the connection when something has arrived
  };
  explicit FakeServer(Manners manners);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  uint16_t port() const { return port_; }

 private:
  void Run();

  const Manners manners_;
  uint16_t port_ = 0;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace cairn::test
