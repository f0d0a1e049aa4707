#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cache/tier.h"
#include "net/redis_client.h"

namespace cairn::cache {

struct RedisTierOptions {
  /// No value stays longer than this, nor one that is good for ever: what nobody asks for again
  /// leaves the server by itself.
  int64_t max_ttl_ns = int64_t{7 * 24 * 3600} * 1'000'000'000;
  /// A larger value is not written: sending it would take longer than a call may.
  size_t max_value_bytes = size_t{1} << 20;
};

/// Values in Redis, shared by all processes that use the same server, key prefix and namespace.
///
/// A value is kept with the epoch that it was written under; it is found only while that is the
/// namespace's, so a bump is one command however many values there are, and the old ones are
/// overwritten or expire. The epoch is a number in Redis that every lookup reads in the same round
/// trip. A new namespace's is the server's time in microseconds, and so is that of one whose number
/// was lost, by a restart or an eviction: it is beyond any that was before, and values of before
/// are not found. Every call is one round trip, the first of a namespace two.
///
/// Thread safety: thread-safe. A call takes no longer than the client's command_timeout allows.
class RedisTier final : public Tier {
 public:
  explicit RedisTier(std::shared_ptr<net::RedisClient> client, RedisTierOptions options = {});

  std::string_view name() const override { return "redis"; }
  bool shared() const override { return true; }
  Status Get(std::string_view space, std::span<const std::string_view> keys,
             std::span<TierValue> values_out, uint64_t* epoch_out) override;
  Status Set(std::string_view space, uint64_t epoch, std::span<const TierWrite> writes) override;
  Status Delete(std::string_view space, std::span<const std::string_view> keys) override;
  Result<uint64_t> Epoch(std::string_view space) override;
  Result<uint64_t> Bump(std::string_view space, uint64_t at_least) override;

 private:
  std::string EpochKey(std::string_view space) const;
  std::string ValueKey(std::string_view space, std::string_view key) const;
  /// Runs a script on the epoch's key that returns the epoch.
  Result<uint64_t> RunOnEpoch(std::string_view script, std::string_view space, uint64_t at_least);

  const std::shared_ptr<net::RedisClient> client_;
  const RedisTierOptions options_;
};

}  // namespace cairn::cache
