#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace cairn::cli {
namespace {

constexpr size_t kNarrowest = 20;
constexpr size_t kUsualColumns = 80;

const char* EscapeOf(Style style) {
  switch (style) {
    case Style::kTitle:
      return "\x1b[1m";
    case Style::kPath:
      return "\x1b[36m";
    case Style::kFaint:
      return "\x1b[2m";
    case Style::kMatch:
      return "\x1b[1;33m";
    case Style::kTag:
      return "\x1b[32m";
    case Style::kWarning:
      return "\x1b[33m";
    case Style::kError:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

bool IsTerminal(int fd) { return isatty(fd) == 1; }

bool UseColor(ColorMode mode, int fd) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return IsTerminal(fd) && term != nullptr && std::string_view(term) != "dumb";
}

size_t TerminalColumns(int fd) {
  if (!IsTerminal(fd)) return 0;
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return std::max<size_t>(kNarrowest, size.ws_col);
}

std::string Painter::operator()(Style style, std::string_view text) const {
  if (!enabled_ || text.empty()) return std::string(text);
  std::string painted = EscapeOf(style);
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

}  // namespace cairn::cli
