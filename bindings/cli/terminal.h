#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::cli {

enum class ColorMode { kAuto, kAlways, kNever };

/// Whether to write colours to a file descriptor. Auto: on a terminal that is not "dumb", unless
/// NO_COLOR is set to anything.
bool UseColor(ColorMode mode, int fd);

bool IsTerminal(int fd);

/// Columns of the terminal behind `fd`, at least 20; 80 where the terminal does not tell; 0 when it
/// is no terminal.
size_t TerminalColumns(int fd);

enum class Style { kTitle, kPath, kFaint, kMatch, kTag, kWarning, kError };

/// Paints texts, or leaves them as they are when colours are off.
class Painter {
 public:
  explicit Painter(bool enabled) : enabled_(enabled) {}
  std::string operator()(Style style, std::string_view text) const;

 private:
  bool enabled_;
};

}  // namespace cairn::cli
