#include "output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failure.h"

namespace cairn::cli {
namespace {

/// 0, or the errno of the write that failed.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

void Output::Flush() {
  const std::string text = std::move(text_);
  text_.clear();
  const int error = WriteAll(STDOUT_FILENO, text);
  if (error == EPIPE) throw BrokenPipe{};
  if (error != 0) {
    throw Failure(CAIRN_IO_ERROR, std::string("cannot write the output: ") + std::strerror(error));
  }
}

void PrintError(std::string_view text) { WriteAll(STDERR_FILENO, text); }

}  // namespace cairn::cli
