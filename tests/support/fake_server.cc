#include "support/fake_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace cairn::test {

FakeServer::FakeServer(Manners manners) : manners_(std::move(manners)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&name), size) == 0 &&
      listen(listener_, 64) == 0 &&
      getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size) == 0 && pipe(stop_) == 0) {
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
}

FakeServer::~FakeServer() {
  close(stop_[1]);
  if (thread_.joinable()) thread_.join();
  close(stop_[0]);
  close(listener_);
}

void FakeServer::Run() {
  std::vector<pollfd> entries = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
  const auto say = [](int fd, const std::string& words) {
    if (!words.empty()) static_cast<void>(!send(fd, words.data(), words.size(), MSG_NOSIGNAL));
  };
  for (;;) {
    if (poll(entries.data(), entries.size(), -1) < 0) continue;
    if (entries[0].revents != 0) break;
    for (size_t i = 2; i < entries.size(); ++i) {
      if (entries[i].revents == 0) continue;
      char buffer[4096];
      const bool is_gone = recv(entries[i].fd, buffer, sizeof(buffer), 0) <= 0;
      if (!is_gone) say(entries[i].fd, manners_.answer);
      if (is_gone || manners_.hangs_up) close(std::exchange(entries[i].fd, -1));
    }
    if (entries[1].revents != 0) {
      const int fd = accept(listener_, nullptr, nullptr);
      say(fd, manners_.greeting);
      entries.push_back({fd, POLLIN, 0});
    }
  }
  for (size_t i = 2; i < entries.size(); ++i) close(entries[i].fd);
}

}  // namespace cairn::test
