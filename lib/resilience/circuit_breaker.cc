#include "resilience/circuit_breaker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

int64_t AddNs(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

}  // namespace

std::string_view BreakerStateName(BreakerState state) {
  static constexpr std::string_view kNames[kBreakerStates] = {
      "closed", "open", "half_open", "forced_open", "forced_closed", "disabled"};
  auto number = static_cast<size_t>(state);
  return number < kBreakerStates ? kNames[number] : "unknown";
}

Result<std::unique_ptr<CircuitBreaker>> CircuitBreaker::Create(BreakerOptions options,
                                                               const Clock* clock, Random* random) {
  CAIRN_RETURN_IF_ERROR(options.Check());
  return std::unique_ptr<CircuitBreaker>(new CircuitBreaker(std::move(options), clock, random));
}

CircuitBreaker::CircuitBreaker(BreakerOptions options, const Clock* clock, Random* random)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      word_(uint64_t{1} << 32),  // generation 1, closed
      in_a_row_(uint64_t{1} << 32),
      trials_(options_.half_open_trials, options_.trial_lease_ns) {
  if (!options_.has_rates()) return;
  if (options_.window == WindowKind::kTime) {
    time_window_ = std::make_unique<TimeWindow>(options_.window_ns);
    time_window_->Clear(1);
    return;
  }
  for (auto& window : call_windows_) window = std::make_unique<CallWindow>(options_.window_calls);
}

CircuitBreaker::~CircuitBreaker() = default;

// --- Asking for a permit.

BreakerPermit CircuitBreaker::Permit(uint64_t word, int64_t now_ns) const {
  return {GenerationOf(word), 0, counts_slow() ? Now(now_ns) : 0};
}

BreakerAdmission CircuitBreaker::Refuse(int64_t retry_after_ns) {
  refused_.Add();
  return {false, {}, retry_after_ns};
}

BreakerAdmission CircuitBreaker::Acquire(int64_t now_ns) {
  uint64_t word = word_.load(std::memory_order_acquire);
  switch (StateOf(word)) {
    case BreakerState::kOpen:
      return AcquireOpen(Now(now_ns));
    case BreakerState::kHalfOpen:
      return AcquireTrial(Now(now_ns));
    case BreakerState::kForcedOpen:
      return Refuse(-1);
    case BreakerState::kDisabled:
      return {true, {GenerationOf(word), 0, 0}, 0};
    default:
      return {true, Permit(word, now_ns), 0};
  }
}

BreakerAdmission CircuitBreaker::AcquireOpen(int64_t now_ns) {
  int64_t until = open_until_ns_.load(kRelaxed);
  // A clock that was set back to before the opening must not keep the breaker open for longer.
  if (now_ns < until && now_ns >= opened_at_ns_.load(kRelaxed)) return Refuse(until - now_ns);
  return AcquireTrial(now_ns);
}

BreakerAdmission CircuitBreaker::AcquireTrial(int64_t now_ns) {
  int64_t none_before = no_trial_before_ns_.load(kRelaxed);
  // A longer wait than a lease means that the clock was set back: the mutex sorts it out.
  int64_t wait_ns = none_before - std::min(now_ns, none_before);
  if (wait_ns > 0 && wait_ns <= options_.trial_lease_ns && state() == BreakerState::kHalfOpen) {
    return Refuse(wait_ns);
  }
  BreakerAdmission answer;
  {
    MutexLock lock(mutex_);
    BreakerState now_state = StateOf(word_.load(kRelaxed));
    if (now_state == BreakerState::kOpen) {
      int64_t until = open_until_ns_.load(kRelaxed);
      if (now_ns >= opened_at_ns_.load(kRelaxed) && now_ns < until) return Refuse(until - now_ns);
      EnterHalfOpen(now_ns);
    } else if (now_state != BreakerState::kHalfOpen) {
      // Somebody changed it meanwhile.
      if (now_state == BreakerState::kForcedOpen) return Refuse(-1);
      return {true, Permit(word_.load(kRelaxed), now_ns), 0};
    }
    answer = TakeTrial(now_ns);
  }
  TellListeners();
  return answer;
}

BreakerAdmission CircuitBreaker::TakeTrial(int64_t now_ns) {
  lost_trials_.fetch_add(trials_.Reclaim(now_ns), kRelaxed);
  bool over = now_ns - trials_.began_ns() >= options_.half_open_ns;
  if (over && trials_.lost_any()) {
    EnterOpen("trials did not come back", now_ns);
    return Refuse(open_until_ns_.load(kRelaxed) - now_ns);
  }
  uint32_t number = trials_.Take(now_ns);
  int64_t expiry = trials_.NextExpiryNs();
  no_trial_before_ns_.store(trials_.full() ? expiry : INT64_MIN, kRelaxed);
  if (number == 0) return Refuse(expiry - now_ns);
  return {true, {GenerationOf(word_.load(kRelaxed)), number, now_ns}, 0};
}

Status CircuitBreaker::Refusal(const BreakerAdmission& refused) const {
  if (refused.retry_after_ns < 0) {
    return Error(Code::kUnavailable, "circuit breaker '", options_.name, "' is forced open");
  }
  return Error(Code::kUnavailable, "circuit breaker '", options_.name,
               "' is not letting calls through; try again in ",
               (refused.retry_after_ns + 999'999) / 1'000'000, " ms");
}

// --- Results.

CircuitBreaker::Verdict CircuitBreaker::VerdictOn(Code code) const {
  StatusMask bit = MaskOf(code);
  if ((options_.failure_mask & bit) != 0) return Verdict::kFailure;
  return (options_.ignore_mask & bit) != 0 ? Verdict::kNone : Verdict::kSuccess;
}

void CircuitBreaker::CountResult(Verdict verdict, bool slow) {
  if (verdict == Verdict::kSuccess) successes_.Add();
  if (verdict == Verdict::kFailure) failures_.fetch_add(1, kRelaxed);
  if (verdict == Verdict::kNone) ignored_.fetch_add(1, kRelaxed);
  if (slow) slow_.fetch_add(1, kRelaxed);
}

void CircuitBreaker::Record(const BreakerPermit& permit, Code code, int64_t now_ns) {
  uint64_t word = word_.load(std::memory_order_acquire);
  if (GenerationOf(word) != permit.generation) {
    late_.fetch_add(1, kRelaxed);
    return;
  }
  BreakerState state = StateOf(word);
  if (state == BreakerState::kDisabled) return;
  Verdict verdict = VerdictOn(code);
  bool slow = false;
  if (counts_slow() && verdict != Verdict::kNone) {
    now_ns = Now(now_ns);
    slow = now_ns - permit.start_ns > options_.slow_call_ns;
  }
  if (state == BreakerState::kHalfOpen) return RecordTrial(permit, verdict, slow, now_ns);
  CountResult(verdict, slow);
  if (verdict == Verdict::kNone || state == BreakerState::kForcedClosed) return;
  RecordClosed(word, {verdict == Verdict::kFailure, slow}, now_ns);
}

void CircuitBreaker::Release(const BreakerPermit& permit) {
  uint64_t word = word_.load(std::memory_order_acquire);
  if (GenerationOf(word) != permit.generation || StateOf(word) == BreakerState::kDisabled) return;
  if (permit.trial != 0) return RecordTrial(permit, Verdict::kNone, false, kReadClock);
  CountResult(Verdict::kNone, false);
}

void CircuitBreaker::RecordClosed(uint64_t word, Mark mark, int64_t now_ns) {
  uint32_t generation = GenerationOf(word);
  if (options_.consecutive_failures != 0 && FailedTooOften(generation, mark.failed)) {
    return Trip(generation, "consecutive failures", now_ns);
  }
  if (!options_.has_rates()) return;
  WindowCounts counts;
  if (time_window_ != nullptr) {
    now_ns = Now(now_ns);
    if (!time_window_->Add(generation, now_ns, mark)) return;
    counts = time_window_->Counts(generation, now_ns);
  } else {
    CallWindow& window = *call_windows_[WindowOf(word)];
    window.Add(mark);
    counts = window.Counts();
  }
  std::string_view reason = RateReason(counts);
  if (!reason.empty()) Trip(generation, reason, now_ns);
}

bool CircuitBreaker::FailedTooOften(uint32_t generation, bool failed) {
  uint64_t none = uint64_t{generation} << 32;
  uint64_t seen = in_a_row_.load(kRelaxed);
  if (!failed) {
    if (seen != none && seen >> 32 == generation) {
      in_a_row_.compare_exchange_strong(seen, none, kRelaxed);
    }
    return false;
  }
  uint64_t next = 0;
  do {
    if (seen >> 32 != generation) return false;
    next = seen + 1;
  } while (!in_a_row_.compare_exchange_weak(seen, next, kRelaxed));
  return (next & 0xffffffff) >= options_.consecutive_failures;
}

std::string_view CircuitBreaker::RateReason(const WindowCounts& counts) const {
  if (counts.calls < options_.minimum_calls) return {};
  auto reached = [calls = static_cast<double>(counts.calls)](double rate, uint64_t count) {
    return rate > 0 && static_cast<double>(count) >= rate * calls;
  };
  if (reached(options_.failure_rate, counts.failures)) return "failure rate";
  if (reached(options_.slow_rate, counts.slow)) return "slow call rate";
  return {};
}

void CircuitBreaker::RecordTrial(const BreakerPermit& permit, Verdict verdict, bool slow,
                                 int64_t now_ns) {
  {
    MutexLock lock(mutex_);
    bool current = GenerationOf(word_.load(kRelaxed)) == permit.generation;
    if (!current || !trials_.GiveBack(permit.trial)) {
      late_.fetch_add(1, kRelaxed);
      return;
    }
    CountResult(verdict, slow);
    no_trial_before_ns_.store(INT64_MIN, kRelaxed);
    if (verdict == Verdict::kFailure || slow) {
      EnterOpen(slow ? "a trial was slow" : "a trial failed", Now(now_ns));
    } else if (verdict == Verdict::kSuccess && trials_.Succeed()) {
      Enter(BreakerState::kClosed, "trials succeeded", Now(now_ns));
    }
  }
  TellListeners();
}

// --- Changes of state.

void CircuitBreaker::Trip(uint32_t generation, std::string_view reason, int64_t now_ns) {
  {
    MutexLock lock(mutex_);
    if (GenerationOf(word_.load(kRelaxed)) != generation) return;
    EnterOpen(reason, Now(now_ns));
  }
  TellListeners();
}

void CircuitBreaker::Force(BreakerState to, std::string_view reason) {
  {
    MutexLock lock(mutex_);
    Enter(to, reason, clock_->MonotonicNs());
  }
  TellListeners();
}

int64_t CircuitBreaker::NextOpenNs() {
  double open = static_cast<double>(options_.open_ns) * std::pow(options_.open_growth, reopenings_);
  open = std::min(open, static_cast<double>(options_.max_open_ns));
  open *= 1 + options_.open_jitter * random_->Uniform();
  return open < 0x1p62 ? static_cast<int64_t>(open) : int64_t{1} << 62;
}

void CircuitBreaker::EnterOpen(std::string_view reason, int64_t now_ns) {
  open_until_ns_.store(AddNs(now_ns, NextOpenNs()), kRelaxed);
  opened_at_ns_.store(now_ns, kRelaxed);
  if (reopenings_ < 1000) ++reopenings_;
  Enter(BreakerState::kOpen, reason, now_ns);
}

void CircuitBreaker::EnterHalfOpen(int64_t now_ns) {
  trials_.Begin(now_ns);
  no_trial_before_ns_.store(INT64_MIN, kRelaxed);
  Enter(BreakerState::kHalfOpen, "open time over", now_ns);
}

void CircuitBreaker::Enter(BreakerState to, std::string_view reason, int64_t now_ns) {
  uint64_t word = word_.load(kRelaxed);
  uint32_t generation = GenerationOf(word) + 1;
  size_t window = WindowOf(word);
  if (to == BreakerState::kClosed) {
    reopenings_ = 0;
    window ^= 1;
    if (call_windows_[window] != nullptr) call_windows_[window]->Clear();
    if (time_window_ != nullptr) time_window_->Clear(generation);
    in_a_row_.store(uint64_t{generation} << 32, kRelaxed);
  }
  ++entered_[static_cast<size_t>(to)];
  if (!listeners_.empty()) events_.push_back({StateOf(word), to, generation, now_ns, reason});
  word_.store(uint64_t{generation} << 32 | window << 8 | static_cast<uint64_t>(to),
              std::memory_order_release);
}

// --- Listeners and statistics.

void CircuitBreaker::AddListener(Listener listener) {
  auto shared = std::make_shared<const Listener>(std::move(listener));
  MutexLock lock(mutex_);
  listeners_.push_back(std::move(shared));
}

void CircuitBreaker::TellListeners() {
  for (;;) {
    BreakerEvent event;
    std::vector<std::shared_ptr<const Listener>> listeners;
    {
      MutexLock lock(mutex_);
      if (telling_ || events_.empty()) return;
      telling_ = true;
      event = events_.front();
      events_.pop_front();
      listeners = listeners_;
    }
    for (const auto& listener : listeners) (*listener)(event);
    MutexLock lock(mutex_);
    telling_ = false;
  }
}

WindowCounts CircuitBreaker::CountsNow(uint64_t word, int64_t now_ns) const {
  if (time_window_ != nullptr) return time_window_->Counts(GenerationOf(word), now_ns);
  if (call_windows_[0] != nullptr) return call_windows_[WindowOf(word)]->Counts();
  return {};
}

BreakerStats CircuitBreaker::Stats() const {
  BreakerStats stats;
  stats.successes = successes_.value();
  stats.failures = failures_.load(kRelaxed);
  stats.slow = slow_.load(kRelaxed);
  stats.ignored = ignored_.load(kRelaxed);
  stats.refused = refused_.value();
  stats.late = late_.load(kRelaxed);
  stats.lost_trials = lost_trials_.load(kRelaxed);
  MutexLock lock(mutex_);
  uint64_t word = word_.load(kRelaxed);
  stats.state = StateOf(word);
  stats.entered = entered_;
  if (stats.state == BreakerState::kClosed) {
    stats.window = CountsNow(word, clock_->MonotonicNs());
  }
  return stats;
}

}  // namespace cairn::resilience
