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

}  // namespace

thread_local constinit uint32_t ThreadStripe::number_ = ThreadStripe::kNone;

struct ThreadStripeOwner {
  ~ThreadStripeOwner() {
    Register::Get().GiveBack(ThreadStripe::number_);
    ThreadStripe::number_ = Tallies::kStripes;  // for what later destructors of the thread count
  }
};

uint32_t ThreadStripe::Take() {
  thread_local const ThreadStripeOwner owner;
  static_cast<void>(owner);
  number_ = Register::Get().Take();
  return number_;
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
