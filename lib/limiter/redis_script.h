#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cairn::limiter {

/// What a script does with every rule of a policy.
enum class RedisAction : uint8_t { kDecide, kRefund };

/// How a rule is kept in Redis; RedisRule knows which it is.
enum class RedisForm : uint8_t {
  kWholeTokens,  ///< gcra, a token being a whole number of microseconds
  kPartTokens,   ///< gcra, any other
  kFixed,
  kSliding,
  kPermits,
};

/// A program that Redis runs in one step, and the name under which it keeps it.
struct RedisScript {
  std::string source;
  std::string sha1;  ///< of the source, 40 hexadecimal digits
};

/// The script for rules of these forms, in this order, and for as many decisions as the call has
/// keys for. KEYS has, for each decision, one key for each rule.
///
/// ARGV has, for each decision or once for all, '1' to charge or '0' only to look, then the
/// arguments of each rule. The answer to kDecide is one flat list: for each decision 1 when every
/// rule passes, else 0, then RedisAnswersOf numbers for each rule, which tell how it was before the
/// charge. A decision that cannot be made has a text in the place of its numbers, in answers to
/// kRefund too. RedisRule makes the arguments and reads the answers.
///
/// Time is the server's, in microseconds, and every number stays below 2^53, where Lua counts
/// exactly. What is kept expires by itself when it means nothing any more. Times are kept rather
/// than numbers of windows, so that a rule whose window is changed goes on with what it has; a time
/// that lies further ahead than the rule can have put it, because the server's clock was set back
/// or the rule was made smaller, is brought back to the furthest that it can.
RedisScript MakeRedisScript(RedisAction action, std::span<const RedisForm> forms);

/// Numbers in the answer for one rule.
size_t RedisAnswersOf(RedisForm form);
inline constexpr size_t kMostRedisAnswers = 3;

/// The SHA-1 of bytes (FIPS 180-4) in hexadecimal digits. Redis names scripts by it; good for
/// nothing else.
std::string Sha1Hex(std::string_view bytes);

}  // namespace cairn::limiter
