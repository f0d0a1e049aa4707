#include "resilience/pipeline.h"

#include "resilience/faults.h"

namespace cairn::resilience {
namespace {

/// Gives a place in a bulkhead back, whatever happens.
class Place {
 public:
  explicit Place(Bulkhead* bulkhead) : bulkhead_(bulkhead) {}
  ~Place() { bulkhead_->Leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Bulkhead* const bulkhead_;
};

}  // namespace

Status PipelineParts::Check() const {
  Faults faults;
  faults.AddIf(timeout_ns < 0, "timeout_ns is ", timeout_ns, ", must not be negative");
  faults.AddIf(limiter == nullptr && timeout_ns == 0 && retry == nullptr && bulkhead == nullptr &&
                   breaker == nullptr,
               "no part is set: it would do nothing");
  return faults.ToStatus(StrCat("pipeline '", name, "'"));
}

Result<std::unique_ptr<Pipeline>> Pipeline::Create(PipelineParts parts, const Clock* clock) {
  CAIRN_RETURN_IF_ERROR(parts.Check());
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(parts), clock));
}

Status Pipeline::RunRef(Deadline deadline, FunctionRef<Status(Attempt&)> make) {
  int64_t now_ns = clock_->MonotonicNs();
  if (parts_.limiter != nullptr) {
    int64_t retry_after_ns = 0;
    CAIRN_RETURN_IF_ERROR(parts_.limiter(now_ns, &retry_after_ns));
  }
  if (parts_.timeout_ns > 0) {
    deadline = deadline.Earlier(Deadline::After(now_ns, parts_.timeout_ns));
  }
  if (deadline.Passed(now_ns)) {
    return Error(Code::kTimedOut, "pipeline '", parts_.name, "': the deadline has passed");
  }
  auto guarded = [&](Attempt& attempt) -> Status {
    // Time went by since the call began only when this is not the first attempt.
    int64_t attempt_ns = attempt.number == 1 ? now_ns : CircuitBreaker::kReadClock;
    return RunAttempt(attempt, attempt_ns, make);
  };
  if (parts_.retry != nullptr) return parts_.retry->RunFrom(now_ns, deadline, guarded);
  Attempt attempt{1, deadline};
  return guarded(attempt);
}

Status Pipeline::RunAttempt(Attempt& attempt, int64_t now_ns, FunctionRef<Status(Attempt&)> make) {
  if (parts_.bulkhead == nullptr) return RunThroughBreaker(attempt, now_ns, make);
  if (!parts_.bulkhead->TryEnter()) {
    if (Status refused = parts_.bulkhead->Enter(attempt.deadline); !refused.ok()) {
      attempt.final = true;
      return refused;
    }
    now_ns = CircuitBreaker::kReadClock;
  }
  Place place(parts_.bulkhead.get());
  return RunThroughBreaker(attempt, now_ns, make);
}

Status Pipeline::RunThroughBreaker(Attempt& attempt, int64_t now_ns,
                                   FunctionRef<Status(Attempt&)> make) {
  if (parts_.breaker == nullptr) return make(attempt);
  BreakerAdmission admission = parts_.breaker->Acquire(now_ns);
  if (!admission.admitted) {
    attempt.final = true;
    return parts_.breaker->Refusal(admission);
  }
  Status status = make(attempt);
  parts_.breaker->Record(admission.permit, status.code());
  return status;
}

}  // namespace cairn::resilience
