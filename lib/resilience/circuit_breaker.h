#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "resilience/breaker_options.h"
#include "resilience/random.h"
#include "resilience/striped_count.h"
#include "resilience/trials.h"
#include "resilience/window.h"

namespace cairn::resilience {

enum class BreakerState : uint8_t {
  kClosed = 0,        ///< calls pass and are watched
  kOpen = 1,          ///< calls are refused
  kHalfOpen = 2,      ///< a few trials pass
  kForcedOpen = 3,    ///< refuses everything until told otherwise
  kForcedClosed = 4,  ///< lets everything pass, counts results, never opens
  kDisabled = 5,      ///< lets everything pass and looks at nothing
};
inline constexpr size_t kBreakerStates = 6;

/// "closed", "open", "half_open", "forced_open", "forced_closed", "disabled".
std::string_view BreakerStateName(BreakerState state);

/// Leave to make one call. To be handed back with its result, once; copies are of no use.
struct BreakerPermit {
  uint32_t generation = 0;
  uint32_t trial = 0;  ///< number of a half-open trial; 0: none
  int64_t start_ns = 0;
};

/// The answer to a request for a permit.
struct BreakerAdmission {
  bool admitted = false;
  BreakerPermit permit;
  int64_t retry_after_ns = 0;  ///< refused: when it may be worth trying again; -1: nobody knows
};

/// One change of state, as listeners see it.
struct BreakerEvent {
  BreakerState from = BreakerState::kClosed;
  BreakerState to = BreakerState::kClosed;
  uint32_t generation = 0;  ///< of the new state
  int64_t at_ns = 0;
  std::string_view reason;  ///< static text
};

struct BreakerStats {
  BreakerState state = BreakerState::kClosed;
  uint64_t successes = 0;
  uint64_t failures = 0;
  uint64_t slow = 0;     ///< among the successes and failures
  uint64_t ignored = 0;  ///< results that count as nothing
  uint64_t refused = 0;
  uint64_t late = 0;                               ///< results of an earlier generation, dropped
  uint64_t lost_trials = 0;                        ///< trials whose lease ran out
  std::array<uint64_t, kBreakerStates> entered{};  ///< how often each state was entered
  WindowCounts window;
};

/// Stops calls to a target that fails, and tries it again after a while.
///
/// One word holds the state and a generation, which grows with every change of state. A permit
/// carries the generation it is of, and a result counts only while that generation lasts: what
/// comes late from before an opening cannot disturb the trials after it. While closed, a call costs
/// a look at that word, and the word of failures in a row or one place in a window; no lock. The
/// mutex is for changes of state and for half-open trials.
///
/// Half-open: at most `half_open_trials` calls are under way or have succeeded. When all have
/// succeeded it closes; one failure (or slow call, where those count) opens it again, for longer. A
/// trial that brings no verdict gives its place back. One that never comes back loses its place
/// when its lease runs out, and where that happened and `half_open_ns` is over, it opens again.
///
/// Thread safety: thread-safe. Ownership: clock and random outlive the breaker.
class CircuitBreaker {
 public:
  using Listener = std::function<void(const BreakerEvent&)>;

  /// As a time: the breaker reads its clock itself, where it needs to.
  static constexpr int64_t kReadClock = INT64_MIN;

  static Result<std::unique_ptr<CircuitBreaker>> Create(BreakerOptions options,
                                                        const Clock* clock = Clock::System(),
                                                        Random* random = Random::System());
  ~CircuitBreaker();
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Asks for leave to make one call. Allocates nothing.
  BreakerAdmission Acquire(int64_t now_ns = kReadClock);

  /// Reports how the call went; what the code means is up to the masks of the options.
  void Record(const BreakerPermit& permit, Code code, int64_t now_ns = kReadClock);

  /// The call did not take place, or says nothing about the target.
  void Release(const BreakerPermit& permit);

  /// unavailable, with a sentence for a refused call.
  Status Refusal(const BreakerAdmission& refused) const;

  void ForceOpen() { Force(BreakerState::kForcedOpen, "forced open"); }
  void ForceClosed() { Force(BreakerState::kForcedClosed, "forced closed"); }
  void Disable() { Force(BreakerState::kDisabled, "disabled"); }
  /// Closed, with nothing remembered: ends a forced state, or an opening.
  void Reset() { Force(BreakerState::kClosed, "reset"); }

  /// Calls `listener` after every change of state: in order, one at a time, under no lock of the
  /// breaker, in the thread that made the change or in one that made a change just before. It may
  /// call the breaker.
  void AddListener(Listener listener) CAIRN_EXCLUDES(mutex_);

  BreakerState state() const { return StateOf(word_.load(std::memory_order_acquire)); }
  BreakerStats Stats() const CAIRN_EXCLUDES(mutex_);
  const BreakerOptions& options() const { return options_; }

 private:
  enum class Verdict : uint8_t { kSuccess, kFailure, kNone };

  CircuitBreaker(BreakerOptions options, const Clock* clock, Random* random);

  // The word: state (8 bits), which call window is in use (1 bit), generation (upper 32 bits).
  static BreakerState StateOf(uint64_t word) { return static_cast<BreakerState>(word & 0xff); }
  static uint32_t GenerationOf(uint64_t word) { return static_cast<uint32_t>(word >> 32); }
  static size_t WindowOf(uint64_t word) { return (word >> 8) & 1; }

  int64_t Now(int64_t now_ns) const {
    return now_ns == kReadClock ? clock_->MonotonicNs() : now_ns;
  }
  bool counts_slow() const { return options_.slow_rate > 0; }
  BreakerPermit Permit(uint64_t word, int64_t now_ns) const;
  BreakerAdmission Refuse(int64_t retry_after_ns);
  BreakerAdmission AcquireOpen(int64_t now_ns);
  BreakerAdmission AcquireTrial(int64_t now_ns) CAIRN_EXCLUDES(mutex_);
  BreakerAdmission TakeTrial(int64_t now_ns) CAIRN_REQUIRES(mutex_);

  Verdict VerdictOn(Code code) const;
  void CountResult(Verdict verdict, bool slow);
  void RecordClosed(uint64_t word, Mark mark, int64_t now_ns);
  void RecordTrial(const BreakerPermit& permit, Verdict verdict, bool slow, int64_t now_ns)
      CAIRN_EXCLUDES(mutex_);
  bool FailedTooOften(uint32_t generation, bool failed);
  std::string_view RateReason(const WindowCounts& counts) const;
  WindowCounts CountsNow(uint64_t word, int64_t now_ns) const;

  void Trip(uint32_t generation, std::string_view reason, int64_t now_ns) CAIRN_EXCLUDES(mutex_);
  void Force(BreakerState to, std::string_view reason) CAIRN_EXCLUDES(mutex_);
  void EnterOpen(std::string_view reason, int64_t now_ns) CAIRN_REQUIRES(mutex_);
  void EnterHalfOpen(int64_t now_ns) CAIRN_REQUIRES(mutex_);
  void Enter(BreakerState to, std::string_view reason, int64_t now_ns) CAIRN_REQUIRES(mutex_);
  int64_t NextOpenNs() CAIRN_REQUIRES(mutex_);
  void TellListeners() CAIRN_EXCLUDES(mutex_);

  const BreakerOptions options_;
  const Clock* const clock_;
  Random* const random_;

  /// Written under the mutex with release; acquire loads see the windows that go with the state.
  std::atomic<uint64_t> word_;
  /// {generation, failures in a row}. Relaxed: one word, and only the latest value matters.
  std::atomic<uint64_t> in_a_row_{0};
  /// When an open breaker may be tried again. Written before word_ says open (release there).
  std::atomic<int64_t> open_until_ns_{0};
  std::atomic<int64_t> opened_at_ns_{0};
  /// Half-open: no place is free before then. Relaxed: a hint; the mutex decides.
  std::atomic<int64_t> no_trial_before_ns_{INT64_MIN};

  /// Two, so that a result that comes while the breaker closes anew falls into the old one.
  std::array<std::unique_ptr<CallWindow>, 2> call_windows_;
  std::unique_ptr<TimeWindow> time_window_;

  StripedCount successes_;
  std::atomic<uint64_t> failures_{0};  // these: relaxed statistics
  std::atomic<uint64_t> slow_{0};
  std::atomic<uint64_t> ignored_{0};
  StripedCount refused_;
  std::atomic<uint64_t> late_{0};
  std::atomic<uint64_t> lost_trials_{0};

  mutable Mutex mutex_;
  Trials trials_ CAIRN_GUARDED_BY(mutex_);
  uint32_t reopenings_ CAIRN_GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, kBreakerStates> entered_ CAIRN_GUARDED_BY(mutex_){};
  std::vector<std::shared_ptr<const Listener>> listeners_ CAIRN_GUARDED_BY(mutex_);
  std::deque<BreakerEvent> events_ CAIRN_GUARDED_BY(mutex_);
  bool telling_ CAIRN_GUARDED_BY(mutex_) = false;
};

}  // namespace cairn::resilience
