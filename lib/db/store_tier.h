#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cache/tier.h"
#include "storage/cache_store.h"

namespace cairn::db {

/// A cache's tier on disk: a storage::CacheStore as a cache::Tier. Several caches may share a
/// store; those of one name share their values.
///
/// Thread safety: thread-safe.
class StoreTier final : public cache::Tier {
 public:
  /// `name`: of the cache; keeps its namespaces apart from those of others.
  StoreTier(std::shared_ptr<storage::CacheStore> store, std::string name)
      : store_(std::move(store)), name_(std::move(name)) {}

  std::string_view name() const override { return "rocksdb"; }
  bool shared() const override { return true; }
  Status Get(std::string_view space, std::span<const std::string_view> keys,
             std::span<cache::TierValue> values_out, uint64_t* epoch_out) override;
  Status Set(std::string_view space, uint64_t epoch,
             std::span<const cache::TierWrite> writes) override;
  Status Delete(std::string_view space, std::span<const std::string_view> keys) override;
  Result<uint64_t> Epoch(std::string_view space) override;
  Result<uint64_t> Bump(std::string_view space, uint64_t at_least) override;
  uint64_t bytes() const override { return store_->disk_bytes(); }
  uint64_t max_bytes() const override { return store_->max_bytes(); }

 private:
  std::string SpaceName(std::string_view space) const;

  const std::shared_ptr<storage::CacheStore> store_;
  const std::string name_;
};

}  // namespace cairn::db
