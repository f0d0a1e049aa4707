#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::cli {

/// One line on standard error that tells how far an index run is, drawn at most ten times a second.
/// Draws nothing unless standard error is a terminal that can redraw a line.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// phase: CAIRN_PHASE_*; total: 0 = unknown.
  void Update(int32_t phase, uint64_t done, uint64_t total, std::string_view path);
  /// Replaces the line by a notice that stays until Clear.
  void Notice(std::string_view text);
  void Clear();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Draw(std::string_view line);

  bool enabled_;
  bool drawn_ = false;
  bool notice_ = false;
  int32_t phase_ = -1;
  Time phase_start_;
  Time last_draw_;
};

/// The text of the line, without the path: "Indexing  [####......]  40/100  40%  812/s".
std::string ProgressText(int32_t phase, uint64_t done, uint64_t total, double seconds);

}  // namespace cairn::cli
