#include "cache/redis_tier.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace cairn::cache {
namespace {

using net::RedisPipeline;
using net::RedisReply;

constexpr int64_t kNsPerMs = 1'000'000;
/// Before every value: this, the epoch, and the time to live in milliseconds, 0 = for ever.
constexpr uint8_t kFormat = 1;

/// Lua counts exactly up to 2^53; microseconds since 1970 stay below until the year 2255.
constexpr std::string_view kBumpScript = R"(local t=redis.call('TIME')
local e=tonumber(redis.call('GET',KEYS[1])) or 0
e=math.max(e+1,tonumber(ARGV[1]),t[1]*1000000+t[2])
redis.call('SET',KEYS[1],string.format('%.0f',e))
return e
)";
constexpr std::string_view kBeginScript = R"(local e=tonumber(redis.call('GET',KEYS[1]))
if e then return e end
local t=redis.call('TIME')
e=t[1]*1000000+t[2]
redis.call('SET',KEYS[1],string.format('%.0f',e))
return e
)";

Status Unexpected(const RedisReply& reply) {
  if (reply.is_error()) {
    return Error(Code::kFailedPrecondition, "Redis refused a command: ", reply.text);
  }
  return Status(Code::kDataLoss, "Redis holds something else where the cache's data should be");
}

Status CheckAll(const std::vector<RedisReply>& replies) {
  for (const RedisReply& reply : replies) {
    if (reply.is_error()) return Unexpected(reply);
  }
  return OkStatus();
}

Result<uint64_t> ParseEpoch(const RedisReply& reply) {
  uint64_t epoch = 0;
  const char* end = reply.text.data() + reply.text.size();
  const auto parsed = std::from_chars(reply.text.data(), end, epoch);
  if (reply.text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return Unexpected(reply);
  return epoch;
}

/// Whole milliseconds, at least one.
int64_t ToMs(int64_t ttl_ns) { return std::max<int64_t>(ttl_ns / kNsPerMs, 1); }

std::string Encode(uint64_t epoch, int64_t ttl_ns, std::string_view value) {
  std::string bytes;
  bytes.reserve(value.size() + 16);
  ByteWriter writer(&bytes);
  writer.Byte(kFormat);
  writer.Varint(epoch);
  writer.Varint(ttl_ns <= 0 ? 0 : static_cast<uint64_t>(ToMs(ttl_ns)));
  writer.Raw(value);
  return bytes;
}

/// What is not of this epoch, or not of ours at all, is not found. `left` is what the server says
/// about the time to live, asked before `stored` was: another process may have replaced the value
/// in between, so the time that was written with the value bounds it too.
TierValue Decode(const RedisReply& left, const RedisReply& stored, uint64_t epoch) {
  TierValue result;
  if (stored.kind != RedisReply::Kind::kString || left.integer == 0) return result;
  ByteReader reader(stored.text);
  const bool is_ours = reader.Byte() == kFormat && reader.Varint() == epoch;
  const uint64_t ttl_ms = std::min<uint64_t>(reader.Varint(), INT64_MAX / kNsPerMs);
  if (!is_ours || reader.failed()) return result;
  result.found = true;
  result.value = reader.Raw(reader.remaining());
  if (ttl_ms == 0) return result;
  const auto written_ms = static_cast<int64_t>(ttl_ms);
  // Negative: the value came after the server was asked.
  const int64_t left_ms = left.integer > 0 ? std::min(left.integer, written_ms) : written_ms;
  result.ttl_ns = left_ms * kNsPerMs;
  return result;
}

}  // namespace

RedisTier::RedisTier(std::shared_ptr<net::RedisClient> client, RedisTierOptions options)
    : client_(std::move(client)), options_(options) {}

// The length of the namespace's name keeps (namespace, key) apart from any other pair. There is no
// hash tag: the values of a namespace may be anywhere.
std::string RedisTier::EpochKey(std::string_view space) const {
  return client_->Key(StrCat("cache:", space.size(), ":", space, ":epoch"));
}

std::string RedisTier::ValueKey(std::string_view space, std::string_view key) const {
  return client_->Key(StrCat("cache:", space.size(), ":", space, "/", key));
}

Status RedisTier::Get(std::string_view space, std::span<const std::string_view> keys,
                      std::span<TierValue> values_out, uint64_t* epoch_out) {
  RedisPipeline pipeline;
  pipeline.Add({"GET", EpochKey(space)});
  for (std::string_view key : keys) {
    const std::string name = ValueKey(space, key);
    pipeline.Add({"PTTL", name}).Add({"GET", name});
  }
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies));
  CAIRN_RETURN_IF_ERROR(CheckAll(replies));
  std::fill(values_out.begin(), values_out.end(), TierValue());
  if (replies[0].is_nil()) {
    // New, or lost: then what is found there belongs to an epoch that nobody knows any more.
    CAIRN_ASSIGN_OR_RETURN(*epoch_out, Epoch(space));
    return OkStatus();
  }
  CAIRN_ASSIGN_OR_RETURN(*epoch_out, ParseEpoch(replies[0]));
  for (size_t i = 0; i < keys.size(); ++i) {
    values_out[i] = Decode(replies[1 + 2 * i], replies[2 + 2 * i], *epoch_out);
  }
  return OkStatus();
}

Status RedisTier::Set(std::string_view space, uint64_t epoch, std::span<const TierWrite> writes) {
  RedisPipeline pipeline;
  for (const TierWrite& write : writes) {
    const std::string name = ValueKey(space, write.key);
    if (write.value.size() > options_.max_value_bytes) {
      pipeline.Add({"UNLINK", name});  // what is there now is not the value any more
      continue;
    }
    const bool is_bounded = write.ttl_ns > 0 && write.ttl_ns < options_.max_ttl_ns;
    const int64_t ttl_ms = ToMs(is_bounded ? write.ttl_ns : options_.max_ttl_ns);
    pipeline.Add(
        {"SET", name, Encode(epoch, write.ttl_ns, write.value), "PX", std::to_string(ttl_ms)});
  }
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies));
  return CheckAll(replies);
}

Status RedisTier::Delete(std::string_view space, std::span<const std::string_view> keys) {
  RedisPipeline pipeline;
  for (std::string_view key : keys) pipeline.Add({"UNLINK", ValueKey(space, key)});
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies));
  return CheckAll(replies);
}

Result<uint64_t> RedisTier::Epoch(std::string_view space) {
  return RunOnEpoch(kBeginScript, space, 0);
}

Result<uint64_t> RedisTier::Bump(std::string_view space, uint64_t at_least) {
  return RunOnEpoch(kBumpScript, space, at_least);
}

Result<uint64_t> RedisTier::RunOnEpoch(std::string_view script, std::string_view space,
                                       uint64_t at_least) {
  // Rare, so that the script itself is sent.
  CAIRN_ASSIGN_OR_RETURN(
      const RedisReply reply,
      client_->Call({"EVAL", script, "1", EpochKey(space), std::to_string(at_least)}));
  if (reply.kind != RedisReply::Kind::kInteger || reply.integer < 0) return Unexpected(reply);
  return static_cast<uint64_t>(reply.integer);
}

}  // namespace cairn::cache
