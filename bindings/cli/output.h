#pragma once

#include <string>
#include <string_view>

namespace cairn::cli {

/// Collects what goes to standard output and writes it in one go, so that nothing half-done is
/// printed by a command that fails.
class Output {
 public:
  void Print(std::string_view text) { text_ += text; }
  void Line(std::string_view text = "") {
    text_ += text;
    text_ += '\n';
  }
  /// Throws BrokenPipe when nobody reads, a Failure on another error.
  void Flush();

 private:
  std::string text_;
};

/// Writes to standard error; what cannot be written is dropped.
void PrintError(std::string_view text);

}  // namespace cairn::cli
