#include "limiter/redis_rule.h"

#include <algorithm>
#include <numeric>

namespace cairn::limiter {
namespace {

constexpr uint64_t kNsPerUs = 1'000;
constexpr uint64_t kLargestDenominator = uint64_t{1} << 51;
constexpr uint64_t kRoundDenominator = uint64_t{1} << 40;

int64_t CeilDivide(int64_t number, int64_t divisor) { return (number + divisor - 1) / divisor; }

}  // namespace

RedisRule::RedisRule(const Rule& rule) : rule_(rule) {
  interval_us_ = CeilDivide(rule.window_ns, kNsPerUs);
  if (rule.algorithm == Algorithm::kSlidingWindow) {
    interval_us_ = CeilDivide(interval_us_, SliceCount());
  }
  if (rule.algorithm != Algorithm::kGcra) return;
  const auto window_ns = static_cast<uint64_t>(rule.window_ns);
  const Wide tokens = Wide{rule.limit} * kNsPerUs;  // in one window of nanoseconds
  const uint64_t common =
      std::gcd(window_ns, static_cast<uint64_t>(tokens % window_ns));  // gcd(0, n) is n
  if (tokens / common <= kLargestDenominator) {
    denominator_ = static_cast<uint64_t>(tokens / common);
    token_ = window_ns / common;
  } else {
    denominator_ = kRoundDenominator;
    token_ = (Wide{window_ns} * kRoundDenominator + tokens - 1) / tokens;
  }
  largest_debt_ = token_ * rule.capacity();
}

RedisForm RedisRule::form() const {
  switch (rule_.algorithm) {
    case Algorithm::kFixedWindow:
      return RedisForm::kFixed;
    case Algorithm::kSlidingWindow:
      return RedisForm::kSliding;
    case Algorithm::kConcurrency:
      return RedisForm::kPermits;
    case Algorithm::kGcra:
      break;
  }
  return denominator_ == 1 ? RedisForm::kWholeTokens : RedisForm::kPartTokens;
}

void RedisRule::AppendArguments(uint64_t cost, uint64_t permit,
                                std::vector<std::string>* arguments) const {
  const auto add = [&](auto number) { arguments->push_back(std::to_string(number)); };
  switch (rule_.algorithm) {
    case Algorithm::kGcra: {
      const Wide price = token_ * cost;
      const bool has_parts = denominator_ != 1;
      add(static_cast<uint64_t>(price / denominator_));
      if (has_parts) add(static_cast<uint64_t>(price % denominator_));
      if (has_parts) add(denominator_);
      add(static_cast<uint64_t>(largest_debt_ / denominator_));
      if (has_parts) add(static_cast<uint64_t>(largest_debt_ % denominator_));
      break;
    }
    case Algorithm::kFixedWindow:
      add(cost);
      add(rule_.limit);
      add(interval_us_);
      break;
    case Algorithm::kSlidingWindow:
      add(cost);
      add(rule_.limit);
      add(interval_us_);
      add(SliceCount());
      break;
    case Algorithm::kConcurrency:
      add(rule_.limit);
      add(interval_us_);
      add(permit);
      break;
  }
}

RedisReading RedisRule::Read(std::span<const int64_t> answer, uint64_t cost, bool charged) const {
  if (rule_.algorithm == Algorithm::kGcra) return ReadGcra(answer, cost, charged);
  return ReadCount(answer, rule_.algorithm == Algorithm::kConcurrency ? 1 : cost, charged);
}

RedisReading RedisRule::ReadGcra(std::span<const int64_t> answer, uint64_t cost,
                                 bool charged) const {
  Wide debt = Wide{static_cast<uint64_t>(answer[0])} * denominator_;
  if (answer.size() > 1) debt += static_cast<uint64_t>(answer[1]);
  debt = std::min(debt, largest_debt_);
  const Wide after = debt + token_ * cost;
  RedisReading reading;
  reading.fits = after <= largest_debt_;
  if (!reading.fits) reading.retry_ns = ToNs(after - largest_debt_);
  if (charged) debt = std::min(after, largest_debt_);
  reading.remaining = static_cast<uint64_t>((largest_debt_ - debt) / token_);
  reading.reset_ns = ToNs(debt);
  return reading;
}

/// answer: the count, how long until nothing of it counts, and how long until there is room (kept
/// apart from the former where the rule lets go of its count in parts).
RedisReading RedisRule::ReadCount(std::span<const int64_t> answer, uint64_t units,
                                  bool charged) const {
  auto count = static_cast<uint64_t>(answer[0]);
  int64_t reset_us = answer[1];
  RedisReading reading;
  reading.fits = count + units <= rule_.limit;
  if (!reading.fits) {
    const int64_t retry_us = rule_.algorithm == Algorithm::kFixedWindow ? answer[1] : answer[2];
    reading.retry_ns = std::max<int64_t>(retry_us * int64_t{kNsPerUs}, 1);
  }
  if (charged) {
    count += units;
    if (rule_.algorithm == Algorithm::kSlidingWindow) {
      reset_us = interval_us_ * (SliceCount() + 1);
    } else if (rule_.algorithm == Algorithm::kConcurrency) {
      reset_us = interval_us_;
    }
  }
  reading.remaining = count >= rule_.limit ? 0 : rule_.limit - count;
  reading.reset_ns = count == 0 ? 0 : reset_us * int64_t{kNsPerUs};
  return reading;
}

int64_t RedisRule::ToNs(Wide fractions) const {
  return static_cast<int64_t>((fractions + denominator_ - 1) / denominator_) * int64_t{kNsPerUs};
}

}  // namespace cairn::limiter
