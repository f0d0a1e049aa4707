#include "limiter/tallies.h"

#include <bitset>

#include "base/mutex.h"

namespace cairn::limiter {
namespace {

/// Which stripes belong to a thread. Never destroyed: threads may end after everything else.
class Register {
 public:
  static Register& Get() {
    static auto* const instance = new Register;
    return *instance;
  }
  uint32_t Take() {
    MutexLock lock(mutex_);
    for (uint32_t i = 0; i < Tallies::kStripes; ++i) {
      if (taken_[i]) continue;
      taken_[i] = true;
      return i;
    }
    return Tallies::kStripes;
  }
  void GiveBack(uint32_t number) {
    MutexLock lock(mutex_);
    if (number < Tallies::kStripes) taken_[number] = false;
  }

 private:
  Mutex mutex_;
  std::bitset<Tallies::kStripes> taken_ CAIRN_GUARDED_BY(mutex_);
};

constexpr uint32_t kNone = UINT32_MAX;

// A plain number, so that reading it costs no check whether it was made yet.
thread_local uint32_t stripe_of_thread __attribute__((tls_model("initial-exec"))) = kNone;

struct Owner {
  ~Owner() {
    Register::Get().GiveBack(stripe_of_thread);
    stripe_of_thread = Tallies::kStripes;  // for what later destructors of the thread count
  }
};

uint32_t TakeStripe() {
  thread_local const Owner owner;
  static_cast<void>(owner);
  stripe_of_thread = Register::Get().Take();
  return stripe_of_thread;
}

}  // namespace

uint32_t ThreadStripe() {
  const uint32_t number = stripe_of_thread;
  return number != kNone ? number : TakeStripe();
}

Tallies::Totals Tallies::Sum() const {
  const auto read = [](const Number& number) { return number.load(std::memory_order_relaxed); };
  Totals totals;
  for (uint32_t i = 0; i <= kStripes; ++i) {
    const Stripe& stripe = stripes_[i];
    totals.allowed += read(stripe.allowed);
    for (size_t rule = 0; rule < Policy::kMaxRules; ++rule) {
      totals.refused[rule] += read(stripe.refused[rule]);
    }
    totals.impossible += read(stripe.impossible);
    totals.overflowed += read(stripe.overflowed);
    totals.degraded += read(stripe.degraded);
  }
  return totals;
}

}  // namespace cairn::limiter
