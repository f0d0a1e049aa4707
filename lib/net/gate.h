#pragma once

#include <cstdint>

namespace cairn::net {

/// What a call that was let through a gate came to.
enum class Outcome : uint8_t {
  kSuccess,  ///< the server answered
  kFailure,  ///< no connection, no answer in time, or no sense in the answer
  kUnused,   ///< the server was not spoken to: the pass is handed back and says nothing
};

/// Decides whether a call may go to a server at all, so that an outage costs its callers nothing.
///
/// A client that is given none makes itself an OutageGate. A host that wants more, such as failure
/// rates or listeners, binds a circuit breaker to this interface.
///
/// Thread safety: implementations are thread-safe.
class Gate {
 public:
  virtual ~Gate() = default;

  /// A pass for one call, or 0: the call must not be made. Every pass is given back once.
  virtual uint64_t Enter() = 0;
  virtual void Leave(uint64_t pass, Outcome outcome) = 0;
};

}  // namespace cairn::net
