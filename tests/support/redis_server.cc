#include "support/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "net/redis_reader.h"

namespace cairn::test {
namespace {

constexpr int kReadyTries = 5000;  // about as many milliseconds

/// Where redis-server is, or "".
std::string FindServer() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string program = folder + "/redis-server";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

}  // namespace

uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  const bool is_bound = bind(fd, reinterpret_cast<sockaddr*>(&name), size) == 0 &&
                        getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0;
  close(fd);
  return is_bound ? ntohs(name.sin_port) : 0;
}

std::string RedisServer::WhyNot() {
  if (!net::RedisReader::IsSupported()) return "this build has no Redis client";
  if (FindServer().empty()) return "redis-server is not installed";
  return "";
}

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  // Another program may take the port before the server does: then the server ends, and another
  // port is tried.
  for (int tries = 0; tries < 5 && !is_running(); ++tries) {
    port_ = FreePort();
    Start();
  }
  if (!is_running()) throw std::runtime_error("redis-server does not start");
}

RedisServer::~RedisServer() { Kill(); }

net::RedisOptions RedisServer::ClientOptions() const {
  net::RedisOptions options;
  options.endpoint.socket_path = socket_path();
  options.connect_timeout_ns = 5'000'000'000;
  options.command_timeout_ns = 5'000'000'000;
  return options;
}

void RedisServer::Start() {
  std::error_code ignored;
  std::filesystem::remove(socket_path(), ignored);
  Launch(FindServer());
  if (!WaitUntilReady()) Kill();
}

void RedisServer::Launch(const std::string& program) {
  std::vector<std::string> words = {program,
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--unixsocket",
                                    socket_path(),
                                    "--dir",
                                    folder_.path(),
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--daemonize",
                                    "no",
                                    "--loglevel",
                                    "warning",
                                    "--logfile",
                                    folder_ / "log"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  execv(argv[0], argv.data());
  _exit(127);
}

bool RedisServer::WaitUntilReady() const {
  for (int tries = 0; tries < kReadyTries; ++tries) {
    if (waitpid(process_, nullptr, WNOHANG) != 0) return false;
    // A refusal such as -NOAUTH comes from a server that is ready, too.
    auto client = net::RedisClient::Create(ClientOptions());
    if (client.ok()) {
      const auto reply = (*client)->Call({"PING"});
      if (reply.ok() || reply.status().code() == Code::kFailedPrecondition) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

void RedisServer::Kill() {
  if (!is_running()) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::Freeze() const { kill(process_, SIGSTOP); }
void RedisServer::Continue() const { kill(process_, SIGCONT); }

}  // namespace cairn::test
