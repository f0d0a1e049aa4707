#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/status.h"

namespace cairn::resilience {

/// A set of status codes: bit n stands for code n. Codes from 63 on share the last bit.
using StatusMask = uint64_t;

constexpr StatusMask MaskOf(Code code) {
  auto number = static_cast<uint32_t>(code);  // negative codes become large ones
  return StatusMask{1} << (number < 63 ? number : 63);
}

constexpr StatusMask MaskOf(std::initializer_list<Code> codes) {
  StatusMask mask = 0;
  for (Code code : codes) mask |= MaskOf(code);
  return mask;
}

constexpr bool Contains(StatusMask mask, Code code) { return (mask & MaskOf(code)) != 0; }

/// Outcomes that say that the target is in trouble. The rest are the caller's doing, or answers.
inline constexpr StatusMask kTargetFailures =
    MaskOf({Code::kUnknown, Code::kTimedOut, Code::kResourceExhausted, Code::kInternal,
            Code::kUnavailable, Code::kDataLoss, Code::kIoError, static_cast<Code>(63)});

/// Outcomes that say nothing about the target's health.
inline constexpr StatusMask kNoVerdict = MaskOf({Code::kCancelled, Code::kRateLimited});

/// Outcomes after which the same call may well succeed, and was not carried out.
inline constexpr StatusMask kWorthRetrying = MaskOf(
    {Code::kUnavailable, Code::kTimedOut, Code::kAborted, Code::kRateLimited, Code::kLocked});

}  // namespace cairn::resilience
