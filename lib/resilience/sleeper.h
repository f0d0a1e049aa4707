#pragma once

#include <cstdint>

#include "base/status.h"

namespace cairn::resilience {

/// Waits, injected so that tests do not. Thread safety: thread-safe.
class Sleeper {
 public:
  virtual ~Sleeper() = default;

  /// Returns after `ns`, or earlier with a failure, which ends what the wait was for.
  virtual Status Sleep(int64_t ns) = 0;

  /// The operating system's. Lives for ever.
  static Sleeper* System();
};

}  // namespace cairn::resilience
