#include <cairn/cache.h>

#include <memory>
#include <string>
#include <utility>

#include "base/thread_pool.h"
#include "cache/redis_tier.h"
#include "capi/cache_handles.h"
#include "capi/callback.h"
#include "capi/guard.h"
#include "capi/options.h"
#include "capi/resilience_handles.h"
#include "capi/text.h"
#include "db/store_tier.h"
#include "net/redis_client.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::OkStatus;
using cairn::Result;
using cairn::Status;
using cairn::cache::Cache;
using cairn::cache::CacheOptions;
using cairn::cache::RemovalListener;
using cairn::cache::Tier;

namespace {

using GivenTiers = InputStruct<cairn_cache_tier_options>;

constexpr uint64_t kDiskBytes = uint64_t{1} << 30;

RemovalListener ToListener(cairn_cache_removal_fn function, HostData data) {
  if (function == nullptr) return nullptr;
  auto shared = std::make_shared<const HostData>(std::move(data));
  return [function, shared](const cairn::cache::Removal& removal) {
    function(removal.space.data(), removal.space.size(), removal.key.data(), removal.key.size(),
             removal.value.data(), removal.value.size(), static_cast<int32_t>(removal.cause),
             shared->get());
  };
}

/// Reads all but the listener and the tiers.
Status ReadOptions(const InputStruct<cairn_cache_options>& given, CacheOptions* out) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  out->max_bytes = given->max_bytes;
  out->max_entries = given->max_entries;
  out->shard_count = given->shard_count;
  out->default_ttl_ns = given->default_ttl_ns;
  out->default_idle_ttl_ns = given->default_idle_ttl_ns;
  out->ttl_jitter = given->ttl_jitter;
  out->seed = given->seed;
  out->compress_from_bytes = given->compress_from_bytes;
  std::string name;
  CAIRN_RETURN_IF_ERROR(ReadNameAndMetrics(given, &name));
  if (!name.empty()) out->name = std::move(name);
  if (given->metrics != nullptr) out->metrics = given->metrics->registry;
  return OkStatus();
}

Status CheckTiers(const GivenTiers& given) {
  CAIRN_RETURN_IF_ERROR(given.Check("options.tiers"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->write_behind, "options.tiers.write_behind"));
  if (given->disk_path != nullptr && given->database != nullptr) {
    return cairn::Error(Code::kInvalidArgument,
                        "options.tiers has both disk_path and database: only one can be");
  }
  if (given->skip_ns < 0 || given->redis_timeout_ns < 0) {
    return cairn::Error(Code::kInvalidArgument, "options.tiers has a negative time");
  }
  if (given->redis_url == nullptr && given->redis_prefix != nullptr) {
    return cairn::Error(Code::kInvalidArgument,
                        "options.tiers.redis_prefix is set, and redis_url is not");
  }
  return OkStatus();
}

Result<std::shared_ptr<Tier>> OpenDisk(const GivenTiers& given, const std::string& cache_name) {
  const uint64_t max_bytes = given->disk_max_bytes != 0 ? given->disk_max_bytes : kDiskBytes;
  if (given->database != nullptr) {
    CAIRN_RETURN_IF_ERROR(CheckHandle(given->database, "options.tiers.database"));
    return given->database->impl->OpenCacheTier(cache_name, max_bytes);
  }
  cairn::storage::CacheStoreOptions options;
  CAIRN_ASSIGN_OR_RETURN(
      options.path, ReadPath(given->disk_path, given->disk_path_bytes, "options.tiers.disk_path"));
  options.max_bytes = max_bytes;
  CAIRN_ASSIGN_OR_RETURN(auto store, cairn::storage::CacheStore::Open(std::move(options)));
  return std::shared_ptr<Tier>(std::make_shared<cairn::db::StoreTier>(std::move(store), ""));
}

Result<std::shared_ptr<Tier>> OpenRedis(const GivenTiers& given) {
  CAIRN_ASSIGN_OR_RETURN(std::string_view url, ReadText(given->redis_url, given->redis_url_bytes,
                                                        "options.tiers.redis_url"));
  cairn::net::RedisOptions options;
  CAIRN_ASSIGN_OR_RETURN(options.endpoint, cairn::net::ParseRedisUrl(url));
  if (given->redis_prefix != nullptr) {
    CAIRN_ASSIGN_OR_RETURN(
        options.key_prefix,
        ReadText(given->redis_prefix, given->redis_prefix_bytes, "options.tiers.redis_prefix"));
  }
  ReadUnlessZero(given->redis_connections, &options.max_connections);
  ReadUnlessZero(given->redis_timeout_ns, &options.command_timeout_ns);
  CAIRN_ASSIGN_OR_RETURN(auto client, cairn::net::RedisClient::Create(std::move(options)));
  return std::shared_ptr<Tier>(std::make_shared<cairn::cache::RedisTier>(std::move(client)));
}

Status OpenTiers(const GivenTiers& given, cairn_cache* cache, CacheOptions* out) {
  CAIRN_RETURN_IF_ERROR(CheckTiers(given));
  if (given->disk_path != nullptr || given->database != nullptr) {
    CAIRN_ASSIGN_OR_RETURN(auto tier, OpenDisk(given, out->name));
    out->tiers.push_back(std::move(tier));
    cache->database = Retain(given->database);
  }
  if (given->redis_url != nullptr) {
    CAIRN_ASSIGN_OR_RETURN(auto tier, OpenRedis(given));
    out->tiers.push_back(std::move(tier));
  }
  ReadUnlessZero(given->failures_to_skip, &out->tier_options.failures_to_skip);
  ReadUnlessZero(given->skip_ns, &out->tier_options.skip_ns);
  if (given->write_behind != 0 && !out->tiers.empty()) {
    cache->pool = std::make_unique<cairn::ThreadPool>(1);
    out->tier_options.write_behind = true;
    out->tier_options.pool = cache->pool.get();
  }
  return OkStatus();
}

}  // namespace

void cairn_cache_options_init(cairn_cache_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

void cairn_cache_tier_options_init(cairn_cache_tier_options* options,
                                   uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_cache_create(const cairn_cache_options* options, cairn_cache** cache_out,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    const InputStruct<cairn_cache_options> given(options);
    HostData removal_data(given->removal_user_data, given->removal_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(cache_out, "cache_out"));
    CacheOptions wanted;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &wanted));
    wanted.listener = ToListener(given->removal_fn, std::move(removal_data));
    // Before folders are made for a cache that cannot be.
    CAIRN_RETURN_IF_ERROR(Cache::Check(wanted));
    auto made = std::make_unique<cairn_cache>();
    CAIRN_RETURN_IF_ERROR(OpenTiers(GivenTiers(given->tiers), made.get(), &wanted));
    CAIRN_ASSIGN_OR_RETURN(made->impl, Cache::Create(std::move(wanted)));
    *cache_out = made.release();
    return OkStatus();
  });
}
