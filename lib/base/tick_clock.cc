#include "base/tick_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cairn {
namespace {

constexpr uint64_t kOddOneIn = 256;

/// Does the processor count at the same rate whatever it does?
bool HasSteadyCounter() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
#else
  return false;
#endif
}

}  // namespace

TickClock::TickClock(const Clock* clock, Counter counter)
    : clock_(clock), counter_(counter), has_ticks_(counter != nullptr || HasSteadyCounter()) {}

const TickClock* TickClock::System() {
  static const TickClock clock(Clock::System());
  return &clock;
}

uint64_t TickClock::RateSinceBase(uint64_t ticks, int64_t now_ns) const {
  constexpr int64_t kMostNs = int64_t{1} << 53;  // a hundred days
  const uint64_t passed_ticks = ticks - base_ticks_;
  const int64_t passed_ns = now_ns - base_ns_;
  if (passed_ns <= 0 || passed_ns > kMostNs || passed_ticks == 0) return 0;
  __extension__ using Wide = unsigned __int128;
  const Wide rate = (static_cast<Wide>(passed_ns) << kRateBits) / passed_ticks;
  // Below a tick in 4 us, or above 64 in a ns, it is no counter of ticks.
  return rate > Wide{4096} << kRateBits || rate >> (kRateBits - 6) == 0
             ? 0
             : static_cast<uint64_t>(rate);
}

void TickClock::MoveAnchor(uint64_t ticks, int64_t now_ns, uint64_t rate) const {
  const uint64_t sequence = sequence_.load(std::memory_order_relaxed);
  sequence_.store(sequence + 1, std::memory_order_relaxed);
  anchor_ticks_.store(ticks, std::memory_order_release);
  anchor_ns_.store(now_ns, std::memory_order_release);
  rate_.store(rate, std::memory_order_release);
  trusted_ticks_.store(rate == 0 ? 0 : (uint64_t{kTrustNs} << kRateBits) / rate,
                       std::memory_order_release);
  sequence_.store(sequence + 2, std::memory_order_release);
}

void TickClock::Learn(uint64_t ticks, int64_t now_ns) const {
  const uint64_t known = rate_.load(std::memory_order_relaxed);
  if (base_ns_ != INT64_MIN && now_ns >= base_ns_ && now_ns - base_ns_ < kBaseNs) {
    if (known != 0) MoveAnchor(ticks, now_ns, known);
    return;
  }
  const uint64_t rate = base_ns_ == INT64_MIN ? 0 : RateSinceBase(ticks, now_ns);
  const uint64_t apart = rate > known ? rate - known : known - rate;
  MoveAnchor(ticks, now_ns, known != 0 && apart > known / kOddOneIn ? 0 : rate);
  base_ticks_ = ticks;
  base_ns_ = now_ns;
}

int64_t TickClock::ReadSystem() const {
  if (!has_ticks_ || !mutex_.TryLock()) return clock_->MonotonicNs();
  const uint64_t ticks = Ticks();
  const int64_t now_ns = clock_->MonotonicNs();
  Learn(ticks, now_ns);
  mutex_.Unlock();
  return now_ns;
}

}  // namespace cairn
