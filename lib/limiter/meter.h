#pragma once

#include <algorithm>
#include <cstdint>

#include "limiter/fixed_point.h"
#include "limiter/policy.h"
#include "limiter/slices.h"

namespace cairn::limiter {

/// What a rule says about a key and a cost at one moment: after the charge, when there is to be one
/// and it fits, else as things are.
struct Reading {
  bool fits = false;
  uint64_t remaining = 0;
  int64_t reset_ns = 0;
  int64_t retry_ns = 0;  ///< 0 when it fits
};

/// Is a reading for a request that will be charged when it fits, or only for information?
enum class Intent : uint8_t { kPeek, kCharge };

/// What a changed rule makes of the words that keys have.
enum class Continuity : uint8_t {
  kSame,    ///< they mean what they did
  kCopied,  ///< they need to be written anew
  kNone,    ///< they are of no use
};

/// One rule made ready to be applied to the words that a key has for it. Words of zeros are a key
/// that was never seen; a key that is dead is no different from that.
///
/// Time is counted in units that suit the rule, by a conversion that never drifts:
/// - kGcra [1]: a token is a whole number of units, the tokens of a moment the clock's time times a
///   factor of 58 fractional bits. The word is the theoretical arrival time (ITU-T I.371) in
///   units; a request moves it on by whole tokens, so no fraction is ever rounded.
/// - the window algorithms: the number of a window, or slice, since the policy began.
/// When a policy changes, the new conversion goes on where the old one was at that moment, so that
/// the words stay true.
///
/// All times are those of a TimeLine. Thread safety: immutable; the words are the caller's.
class Meter {
 public:
  Meter() = default;
  explicit Meter(const Rule& rule);

  /// Most words that a rule may need.
  static constexpr uint32_t kMaxWords = 67;

  /// Goes on where `before`, the meter of the rule in the same place, was at `time`.
  Continuity ContinueFrom(const Meter& before, int64_t time);
  /// After kCopied, and at the same time: what the words of `before` are in the words of this
  /// meter.
  void CopyWords(const Meter& before, int64_t time, const uint64_t* from, uint64_t* to) const;

  /// Does this meter, after it went on from `before`, hold less than a key may owe?
  bool NeedsSettling(const Meter& before) const {
    return algorithm_ == Algorithm::kGcra && burst_units_ < before.burst_units_;
  }
  /// Cuts what a key owes at the moment of the change to what this meter holds.
  uint64_t SettledWord(uint64_t word) const { return std::min(word, start_units_ + burst_units_); }

  Algorithm algorithm() const { return algorithm_; }
  uint64_t capacity() const { return capacity_; }
  uint32_t words() const { return sliced() ? layout_.words() : 1; }
  bool sliced() const {
    return algorithm_ == Algorithm::kSlidingWindow || algorithm_ == Algorithm::kConcurrency;
  }
  /// After this long without a request every key is dead.
  int64_t span_ns() const { return span_ns_; }

  /// Can a request of this cost ever pass? Concurrency counts calls.
  bool IsPossible(uint64_t cost) const { return Units(cost) <= capacity_; }

  bool IsDead(const uint64_t* words, int64_t time) const;
  /// The cost is possible.
  Reading Read(const uint64_t* words, int64_t time, uint64_t cost, Intent intent) const;
  /// After a reading that fits at the same time. The permit of a concurrency rule, else 0.
  uint64_t Charge(uint64_t* words, int64_t time, uint64_t cost) const;
  void Refund(uint64_t* words, int64_t time, uint64_t cost) const;
  void Release(uint64_t* words, int64_t time, uint64_t permit) const;

  /// One-word algorithms on the word itself, for compare-and-swap. Fills the reading, and the next
  /// word when it fits.
  template <Algorithm kAlgorithm>
  bool Step(uint64_t word, int64_t time, uint64_t cost, Intent intent, uint64_t* next,
            Reading* reading) const {
    return kAlgorithm == Algorithm::kGcra ? StepGcra(word, time, cost, intent, next, reading)
                                          : StepFixed(word, time, cost, intent, next, reading);
  }
  bool Step(uint64_t word, int64_t time, uint64_t cost, Intent intent, uint64_t* next,
            Reading* reading) const {
    return algorithm_ == Algorithm::kGcra ? StepGcra(word, time, cost, intent, next, reading)
                                          : StepFixed(word, time, cost, intent, next, reading);
  }

  /// kGcra: what a key of this word would owe with the cost, and its next word; is that not more
  /// than the bucket holds?
  bool AddTokens(uint64_t word, int64_t time, uint64_t cost, uint64_t* next, uint64_t* debt) const {
    const uint64_t now = UnitsAt(time);
    const uint64_t owed = word > now ? word - now : 0;
    // More than the bucket holds was charged by the time of a faster thread.
    *debt = std::min(owed, burst_units_) + cost * unit_.value();
    *next = now + *debt;
    return *debt <= burst_units_;
  }
  /// kGcra: what to tell when a cost makes a debt that the bucket does not hold.
  Reading AfterRefusal(uint64_t debt, uint64_t cost) const {
    const uint64_t owed = debt - cost * unit_.value();
    return {.fits = false,
            .remaining = TokensLeft(owed),
            .reset_ns = UnitsToNs(owed),
            .retry_ns = UnitsToNs(debt - burst_units_)};
  }
  /// After AddTokens, so that there is a debt.
  int64_t TimeToFill(uint64_t debt) const {
    return static_cast<int64_t>(ns_per_unit_.Times(debt)) + kRoundUpNs;
  }
  /// kGcra: whole tokens that a key with so much debt has.
  uint64_t TokensLeft(uint64_t debt) const { return unit_.Quotient(burst_units_ - debt); }

  bool IsDeadWord(uint64_t word, int64_t time) const {
    return algorithm_ == Algorithm::kGcra ? word <= UnitsAt(time) : IsDeadCounter(word, time);
  }
  uint64_t RefundWord(uint64_t word, int64_t time, uint64_t cost) const;

 private:
  /// What both roundings down of a conversion may lose.
  static constexpr int64_t kRoundUpNs = 2;

  uint64_t Units(uint64_t cost) const { return algorithm_ == Algorithm::kConcurrency ? 1 : cost; }
  uint64_t Since(int64_t time) const {
    if (time < start_time_) [[unlikely]]
      return 0;
    return static_cast<uint64_t>(time) - static_cast<uint64_t>(start_time_);
  }
  /// kGcra: tokens generated until `time`, in units.
  uint64_t UnitsAt(int64_t time) const { return start_units_ + units_per_ns_.Times(Since(time)); }
  /// Not before the units have passed.
  int64_t UnitsToNs(uint64_t units) const {
    return units == 0 ? 0 : static_cast<int64_t>(ns_per_unit_.Times(units)) + kRoundUpNs;
  }
  /// Windows: number of the window or slice at `time`, and when one begins.
  uint64_t IndexAt(int64_t time) const { return start_index_ + interval_.Quotient(Since(time)); }
  int64_t BeginOf(uint64_t index) const {
    return start_time_ + static_cast<int64_t>((index - start_index_) * interval_.value());
  }

  /// When a slice no longer counts.
  int64_t EndOfSlice(uint64_t slice) const {
    return BeginOf(slice) + static_cast<int64_t>(interval_.value() * layout_.ring());
  }

  bool StepGcra(uint64_t word, int64_t time, uint64_t cost, Intent intent, uint64_t* next,
                Reading* reading) const {
    uint64_t debt = 0;
    if (!AddTokens(word, time, cost, next, &debt)) {
      *reading = AfterRefusal(debt, cost);
      return false;
    }
    if (intent == Intent::kPeek) debt -= cost * unit_.value();
    *reading = {.fits = true, .remaining = TokensLeft(debt), .reset_ns = UnitsToNs(debt)};
    return true;
  }
  bool StepFixed(uint64_t word, int64_t time, uint64_t cost, Intent intent, uint64_t* next,
                 Reading* reading) const {
    const uint64_t seen = word >> count_bits_;
    const uint64_t index = std::max(seen, IndexAt(time));
    const uint64_t used = seen == index ? CountOf(word) : 0;
    const int64_t left_ns = BeginOf(index + 1) - time;
    reading->remaining = used < limit_ ? limit_ - used : 0;
    reading->reset_ns = used == 0 ? 0 : left_ns;
    reading->fits = cost <= reading->remaining;
    if (!reading->fits) {
      reading->retry_ns = left_ns;
      return false;
    }
    *next = index << count_bits_ | (used + cost);
    if (intent == Intent::kCharge) {
      reading->remaining -= cost;
      reading->reset_ns = left_ns;
    }
    return true;
  }
  bool IsDeadCounter(uint64_t word, int64_t time) const;

  Reading ReadSlices(const uint64_t* words, int64_t time, uint64_t units, Intent intent) const;
  int64_t SlicesFreeIn(const uint64_t* words, int64_t time, uint64_t sum, uint64_t wanted) const;
  int64_t SlicesFullIn(const uint64_t* words, int64_t time) const;
  void RefundSlices(uint64_t* words, int64_t time, uint64_t cost) const;
  void ContinueTokens(const Meter& before, int64_t time);
  void ContinueTime(const Meter& before, int64_t time);
  Continuity ContinueCounter(const Meter& before, int64_t time);
  Continuity ContinueSlices(const Meter& before, int64_t time);
  uint64_t CountOf(uint64_t word) const { return word & ((uint64_t{1} << count_bits_) - 1); }

  Algorithm algorithm_ = Algorithm::kGcra;
  uint8_t count_bits_ = 0;  ///< kFixedWindow: the word's lower bits, a count; above it the window
  uint64_t limit_ = 1;
  uint64_t capacity_ = 1;
  int64_t window_ns_ = 1;
  int64_t span_ns_ = 1;
  int64_t start_time_ = 0;
  // kGcra
  uint64_t start_units_ = 0;
  Factor units_per_ns_;
  Factor ns_per_unit_;
  Divisor unit_;  ///< units of a token
  uint64_t burst_units_ = 0;
  // windows
  uint64_t start_index_ = 0;
  Divisor interval_;
  SliceLayout layout_;
};

}  // namespace cairn::limiter
