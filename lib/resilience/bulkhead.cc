#include "resilience/bulkhead.h"

#include <utility>

#include "resilience/faults.h"

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr uint64_t kOneWaiting = uint64_t{1} << 32;

}  // namespace

Status BulkheadOptions::Check() const {
  Faults faults;
  faults.AddIf(max_running == 0, "max_running is 0, must be at least 1");
  faults.AddIf(max_running > INT32_MAX, "max_running is ", max_running, ", must be at most ",
               INT32_MAX);
  faults.AddIf(max_waiting > INT32_MAX, "max_waiting is ", max_waiting, ", must be at most ",
               INT32_MAX);
  faults.AddIf(max_wait_ns <= 0, "max_wait_ns is ", max_wait_ns, ", must be positive");
  return faults.ToStatus(StrCat("bulkhead '", name, "'"));
}

Result<std::unique_ptr<Bulkhead>> Bulkhead::Create(BulkheadOptions options, const Clock* clock) {
  CAIRN_RETURN_IF_ERROR(options.Check());
  return std::unique_ptr<Bulkhead>(new Bulkhead(std::move(options), clock));
}

Bulkhead::Bulkhead(BulkheadOptions options, const Clock* clock)
    : options_(std::move(options)), clock_(clock), word_(options_.max_running) {}

bool Bulkhead::Queue(Waiter* waiter, bool* overloaded) {
  uint64_t word = word_.load(kRelaxed);
  for (;;) {
    bool free = Free(word) != 0 && Waiting(word) == 0;
    *overloaded = !free && Waiting(word) >= options_.max_waiting;
    if (*overloaded) return false;
    uint64_t next = free ? word - 1 : word + kOneWaiting;
    if (!word_.compare_exchange_weak(word, next, std::memory_order_acquire, kRelaxed)) continue;
    if (free) return false;
    waiters_.push_back(waiter);
    return true;
  }
}

Status Bulkhead::EnterSlowly(Deadline deadline) {
  Waiter waiter;
  bool overloaded = false;
  deadline = deadline.Earlier(Deadline::After(clock_->MonotonicNs(), options_.max_wait_ns));
  MutexLock lock(mutex_);
  bool queued = Queue(&waiter, &overloaded);
  if (overloaded) {
    overloaded_.fetch_add(1, kRelaxed);
    return Error(Code::kResourceExhausted, "bulkhead '", options_.name, "': ", options_.max_running,
                 " calls are running and ", options_.max_waiting, " are waiting");
  }
  while (queued && !waiter.admitted) {
    int64_t left_ns = deadline.LeftNs(clock_->MonotonicNs());
    if (left_ns == 0) {
      waiters_.remove(&waiter);
      word_.fetch_sub(kOneWaiting, kRelaxed);
      timed_out_.fetch_add(1, kRelaxed);
      return Error(Code::kTimedOut, "bulkhead '", options_.name, "': no place among ",
                   options_.max_running, " came free in time");
    }
    if (deadline.is_never()) {
      waiter.wake.Wait(mutex_);
    } else {
      waiter.wake.WaitFor(mutex_, left_ns);
    }
  }
  admitted_.Add();
  return OkStatus();
}

void Bulkhead::HandOver() {
  MutexLock lock(mutex_);
  if (waiters_.empty()) {
    word_.fetch_add(1, std::memory_order_release);
    return;
  }
  Waiter* first = waiters_.front();
  waiters_.pop_front();
  word_.fetch_sub(kOneWaiting, kRelaxed);
  first->admitted = true;
  first->wake.Signal();  // under the mutex: the waiter lives on its own stack
}

void Bulkhead::ClockMoved() {
  MutexLock lock(mutex_);
  for (Waiter* waiter : waiters_) waiter->wake.Signal();
}

BulkheadStats Bulkhead::Stats() const {
  BulkheadStats stats;
  uint64_t word = word_.load(kRelaxed);
  stats.running = options_.max_running - Free(word);
  stats.waiting = Waiting(word);
  stats.admitted = admitted_.value();
  stats.overloaded = overloaded_.load(kRelaxed);
  stats.timed_out = timed_out_.load(kRelaxed);
  return stats;
}

}  // namespace cairn::resilience
