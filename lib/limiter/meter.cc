#include "limiter/meter.h"

#include <algorithm>
#include <bit>

namespace cairn::limiter {
namespace {

constexpr uint64_t kUnitsPerNs = 4;
/// Bounds of units per nanosecond within which a changed rate keeps its unit.
constexpr uint64_t kMaxUnitsPerNs = 48;
constexpr uint64_t kMinUnitsDivisor = 16;

uint64_t SliceNs(const Rule& rule, uint32_t slices) {
  const uint64_t window = static_cast<uint64_t>(rule.window_ns);
  return (window + slices - 1) / slices;
}

}  // namespace

Meter::Meter(const Rule& rule)
    : algorithm_(rule.algorithm),
      limit_(rule.limit),
      capacity_(rule.capacity()),
      window_ns_(rule.window_ns) {
  const uint64_t window = static_cast<uint64_t>(rule.window_ns);
  if (algorithm_ == Algorithm::kGcra) {
    unit_ = Divisor(static_cast<uint64_t>(Uint128{kUnitsPerNs} * window / limit_));
    units_per_ns_ = Factor(Uint128{limit_} * unit_.value(), window);
    ns_per_unit_ = Factor(window, limit_ * unit_.value());
    burst_units_ = capacity_ * unit_.value();
    span_ns_ = UnitsToNs(burst_units_);
  } else if (algorithm_ == Algorithm::kFixedWindow) {
    interval_ = Divisor(window);
    // As many bits for the count as leave the window's number enough for 36 years.
    count_bits_ = static_cast<uint8_t>(2 + std::bit_width(window));
    span_ns_ = window_ns_;
  } else {
    const uint32_t slices = rule.slice_count();
    interval_ = Divisor(SliceNs(rule, slices));
    layout_ = SliceLayout(slices, limit_);
    span_ns_ = static_cast<int64_t>(interval_.value() * layout_.ring());
  }
}

Continuity Meter::ContinueFrom(const Meter& before, int64_t time) {
  if (algorithm_ != before.algorithm_) return Continuity::kNone;
  if (sliced()) return ContinueSlices(before, time);
  if (algorithm_ == Algorithm::kFixedWindow) return ContinueCounter(before, time);
  ContinueTokens(before, time);
  return Continuity::kSame;
}

void Meter::ContinueTokens(const Meter& before, int64_t time) {
  start_time_ = std::max(time, before.start_time_);
  start_units_ = before.UnitsAt(time);
  // Where the rates are not too far apart a token keeps its units, and a key what it has used;
  // else a key keeps the time until it is full again.
  const uint64_t window = static_cast<uint64_t>(window_ns_);
  const Uint128 tokens = Uint128{limit_} * before.unit_.value();
  const Uint128 burst = Uint128{capacity_} * before.unit_.value();
  if (tokens < Uint128{window} * kMaxUnitsPerNs && tokens * kMinUnitsDivisor > window &&
      burst < Uint128{1} << 60) {
    unit_ = before.unit_;
    units_per_ns_ = Factor(tokens, window);
    ns_per_unit_ = Factor(window, static_cast<uint64_t>(tokens));
    burst_units_ = static_cast<uint64_t>(burst);
    span_ns_ = UnitsToNs(burst_units_);
  }
}

/// The present window, or slice, keeps its number.
void Meter::ContinueTime(const Meter& before, int64_t time) {
  if (interval_.value() == before.interval_.value()) {
    start_time_ = before.start_time_;
    start_index_ = before.start_index_;
  } else {
    start_time_ = std::max(time, before.start_time_);
    start_index_ = before.IndexAt(time);
  }
}

Continuity Meter::ContinueCounter(const Meter& before, int64_t time) {
  // The count must fit, and a shorter window leave its number enough bits for years.
  if (limit_ >> before.count_bits_ == 0 && before.count_bits_ <= count_bits_ + 4) {
    count_bits_ = before.count_bits_;
    ContinueTime(before, time);
    return Continuity::kSame;
  }
  start_time_ = std::max(time, before.start_time_);
  start_index_ = 1;
  return Continuity::kCopied;
}

Continuity Meter::ContinueSlices(const Meter& before, int64_t time) {
  if (layout_.ring() != before.layout_.ring()) return Continuity::kNone;
  ContinueTime(before, time);
  if (layout_.bits() > before.layout_.bits()) return Continuity::kCopied;
  layout_ = before.layout_;
  return Continuity::kSame;
}

void Meter::CopyWords(const Meter& before, int64_t time, const uint64_t* from, uint64_t* to) const {
  if (!sliced()) {
    const uint64_t count = before.IsDeadCounter(from[0], time) ? 0 : before.CountOf(from[0]);
    to[0] = start_index_ << count_bits_ | std::min(count, limit_);
    return;
  }
  to[0] = from[0];
  for (uint64_t slice = before.layout_.Oldest(from[0]); slice <= from[0]; ++slice) {
    layout_.SetCount(to, slice, before.layout_.Count(from, slice));
  }
}

bool Meter::IsDead(const uint64_t* words, int64_t time) const {
  if (!sliced()) return IsDeadWord(words[0], time);
  const uint64_t current = layout_.Current(words, IndexAt(time));
  return layout_.Sum(words, current) == 0;
}

Reading Meter::Read(const uint64_t* words, int64_t time, uint64_t cost, Intent intent) const {
  if (sliced()) return ReadSlices(words, time, Units(cost), intent);
  Reading reading;
  uint64_t next = 0;
  Step(words[0], time, cost, intent, &next, &reading);
  return reading;
}

uint64_t Meter::Charge(uint64_t* words, int64_t time, uint64_t cost) const {
  if (!sliced()) {
    Reading reading;
    Step(words[0], time, cost, Intent::kCharge, &words[0], &reading);
    return 0;
  }
  const uint64_t current = layout_.Current(words, IndexAt(time));
  layout_.Advance(words, current);
  layout_.SetCount(words, current, layout_.Count(words, current) + Units(cost));
  return algorithm_ == Algorithm::kConcurrency ? current + 1 : 0;
}

void Meter::Refund(uint64_t* words, int64_t time, uint64_t cost) const {
  if (algorithm_ == Algorithm::kConcurrency) return;
  if (sliced()) {
    RefundSlices(words, time, cost);
  } else {
    words[0] = RefundWord(words[0], time, cost);
  }
}

uint64_t Meter::RefundWord(uint64_t word, int64_t time, uint64_t cost) const {
  if (IsDeadWord(word, time)) return word;
  if (algorithm_ == Algorithm::kGcra) {
    const uint64_t now = UnitsAt(time);
    const uint64_t debt = std::min(word - now, burst_units_);
    return now + debt - std::min(debt, std::min(cost, capacity_) * unit_.value());
  }
  return word - std::min(CountOf(word), cost);
}

void Meter::Release(uint64_t* words, int64_t time, uint64_t permit) const {
  if (permit == 0 || algorithm_ != Algorithm::kConcurrency) return;
  const uint64_t slice = permit - 1;
  const uint64_t current = layout_.Current(words, IndexAt(time));
  if (slice > words[0] || slice < layout_.Oldest(current)) return;  // the lease has ended
  const uint64_t count = layout_.Count(words, slice);
  if (count > 0) layout_.SetCount(words, slice, count - 1);
}

bool Meter::IsDeadCounter(uint64_t word, int64_t time) const {
  return (word >> count_bits_) < IndexAt(time) || CountOf(word) == 0;
}

Reading Meter::ReadSlices(const uint64_t* words, int64_t time, uint64_t units,
                          Intent intent) const {
  Reading reading;
  const uint64_t current = layout_.Current(words, IndexAt(time));
  const uint64_t sum = layout_.Sum(words, current);
  reading.remaining = sum < limit_ ? limit_ - sum : 0;
  reading.reset_ns = sum == 0 ? 0 : SlicesFullIn(words, time);
  reading.fits = units <= reading.remaining;
  if (!reading.fits) {
    reading.retry_ns = SlicesFreeIn(words, time, sum, units);
  } else if (intent == Intent::kCharge) {
    reading.remaining -= units;
    reading.reset_ns = EndOfSlice(current) - time;
  }
  return reading;
}

/// Time until `wanted` units are free: when the slices that hold them no longer count.
int64_t Meter::SlicesFreeIn(const uint64_t* words, int64_t time, uint64_t sum,
                            uint64_t wanted) const {
  uint64_t slice = layout_.Oldest(layout_.Current(words, IndexAt(time)));
  for (; slice < words[0]; ++slice) {
    sum -= layout_.Count(words, slice);
    if (sum + wanted <= limit_) break;
  }
  return std::max<int64_t>(EndOfSlice(slice) - time, 1);
}

/// Time until nothing counts: when the last slice that holds something no longer does.
int64_t Meter::SlicesFullIn(const uint64_t* words, int64_t time) const {
  uint64_t slice = words[0];
  while (layout_.Count(words, slice) == 0) --slice;
  return std::max<int64_t>(EndOfSlice(slice) - time, 1);
}

/// From the oldest first: what is left then counts for longer than it needs to.
void Meter::RefundSlices(uint64_t* words, int64_t time, uint64_t cost) const {
  const uint64_t current = layout_.Current(words, IndexAt(time));
  for (uint64_t slice = layout_.Oldest(current); slice <= words[0] && cost > 0; ++slice) {
    const uint64_t count = layout_.Count(words, slice);
    const uint64_t taken = std::min(count, cost);
    layout_.SetCount(words, slice, count - taken);
    cost -= taken;
  }
}

}  // namespace cairn::limiter
