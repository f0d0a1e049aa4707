#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limiter/policy.h"
#include "limiter/redis_script.h"

namespace cairn::limiter {

/// What a rule in Redis says about a request.
struct RedisReading {
  bool fits = false;
  uint64_t remaining = 0;
  int64_t reset_ns = 0;
  int64_t retry_ns = 0;  ///< 0 when it fits
};

/// One rule as the scripts of redis_script.h take it: microseconds of the server's clock.
///
/// kGcra: a token is worth `token_` fractions of a microsecond, `denominator_` of which make one,
/// so that no rate drifts. Only where that would leave the numbers that Lua counts exactly is the
/// token rounded, up, by less than a millionth of a millionth of a microsecond. Windows, slices and
/// leases are rounded up to whole microseconds.
///
/// Thread safety: immutable.
class RedisRule {
 public:
  explicit RedisRule(const Rule& rule);

  RedisForm form() const;

  /// Appends what the script's pieces for the rule take.
  void AppendArguments(uint64_t cost, uint64_t permit, std::vector<std::string>* arguments) const;

  /// Reads the RedisAnswersOf(form()) numbers about the rule; `charged`: the whole request passed
  /// and was no peek.
  RedisReading Read(std::span<const int64_t> answer, uint64_t cost, bool charged) const;

 private:
  __extension__ using Wide = unsigned __int128;

  RedisReading ReadGcra(std::span<const int64_t> answer, uint64_t cost, bool charged) const;
  RedisReading ReadCount(std::span<const int64_t> answer, uint64_t units, bool charged) const;
  /// Fractions of a microsecond in nanoseconds, up to the next whole microsecond.
  int64_t ToNs(Wide fractions) const;
  int64_t SliceCount() const { return rule_.slices == 0 ? 16 : rule_.slices; }

  const Rule& rule_;
  uint64_t denominator_ = 1;
  Wide token_ = 0;
  Wide largest_debt_ = 0;
  int64_t interval_us_ = 0;  ///< window, slice or lease
};

}  // namespace cairn::limiter
