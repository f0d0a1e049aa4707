#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "net/gate.h"

namespace cairn::net {

struct OutageGateOptions {
  uint32_t failure_count = 3;            ///< failures in a row that shut the gate
  int64_t first_pause_ns = 100'000'000;  ///< shut for so long at first
  int64_t max_pause_ns = 1'000'000'000;  ///< the pause doubles up to this
  int64_t trial_ns = 2'000'000'000;      ///< a trial that was not reported by then is forgotten
  uint64_t seed = 0;                     ///< of the jitter
};

/// Shuts after some failures in a row and then lets one call through from time to time, until one
/// succeeds. Nothing runs in the background: the trial is a call that would have been made anyway.
///
/// All state that decides is one word: 0 while open, else the time at which the next call becomes
/// the trial. A trial takes its turn by moving that time on to the end of its own lease, and
/// reports back under it: a report whose lease has been taken over by a later trial is stale, and
/// so is that of a call from before the gate shut. Pauses are shortened by up to a fifth at random,
/// so that processes that lost a server together do not come back in step.
///
/// Thread safety: thread-safe, lock-free; open it costs one load.
class OutageGate final : public Gate {
 public:
  explicit OutageGate(const OutageGateOptions& options, const Clock* clock = Clock::System());

  Pass Enter() override;
  void Leave(const Pass& pass, Outcome outcome) override;
  bool IsShut() const override;

  /// Nothing fails; a gate that is not open may still let a trial through.
  bool is_open() const { return retry_at_ns_.load(std::memory_order_relaxed) == 0; }
  uint64_t shut_count() const { return shut_count_.load(std::memory_order_relaxed); }

 private:
  void LeaveOrdinary(Outcome outcome);
  void LeaveTrial(int64_t lease_ns, Outcome outcome);
  /// Now plus the pause, shortened at random; never 0.
  int64_t AfterPause(int64_t pause_ns);

  const OutageGateOptions options_;
  const Clock* const clock_;
  std::atomic<int64_t> retry_at_ns_{0};  // acquire in Enter pairs with release in Leave
  std::atomic<uint32_t> failures_{0};    // relaxed: a count within one word
  std::atomic<int64_t> pause_ns_;        // relaxed: written by the holder of the trial only
  std::atomic<uint64_t> random_;         // relaxed
  std::atomic<uint64_t> shut_count_{0};  // relaxed: a statistic
};

}  // namespace cairn::net
