#pragma once

namespace cairn::cli {

/// While it lives, the first Ctrl-C (SIGINT) or SIGTERM only sets a flag; the next one ends the
/// process as usual. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool requested();
};

}  // namespace cairn::cli
