#pragma once

#include <cstdint>

namespace cairn::net {

/// What a call that was let through a gate came to.
enum class Outcome : uint8_t {
  kSuccess,  ///< the server answered
  kFailure,  ///< no connection, no answer in time, or no sense in the answer
  kUnused,   ///< the server was not spoken to: the pass is handed back and says nothing
};

/// Leave to make one call. What the numbers mean is the gate's own.
struct Pass {
  bool is_admitted = false;
  uint64_t id = 0;
  int64_t start_ns = 0;
};

/// Decides whether a call may go to a server at all, so that an outage costs its callers nothing.
///
/// A client that is given none makes itself an OutageGate. Whoever wants more, such as failure
/// rates or listeners, binds a circuit breaker to this interface.
///
/// Thread safety: implementations are thread-safe.
class Gate {
 public:
  virtual ~Gate() = default;

  /// Asks for leave to make one call. A pass that admits is given back once.
  virtual Pass Enter() = 0;
  virtual void Leave(const Pass& pass, Outcome outcome) = 0;

  /// True when Enter would refuse now: whoever would prepare a call first can save the work. A gate
  /// that can't tell says no.
  virtual bool IsShut() const { return false; }
};

}  // namespace cairn::net
