#include <rocksdb/cache.h>

#include <cstring>
#include <memory>

#include "cairn_bench/cache_peers.h"

namespace cairn::bench {
namespace {

/// RocksDB's LRUCache, with the value in a block of its own as RocksDB keeps them.
class RocksLoaded final : public LoadedCache {
 public:
  explicit RocksLoaded(uint64_t capacity) {
    rocksdb::LRUCacheOptions options;
    options.capacity = capacity;
    options.num_shard_bits = 6;
    options.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
    cache_ = rocksdb::NewLRUCache(options);
  }

  std::string name() const override { return "rocksdb"; }
  bool Get(std::string_view key) override {
    rocksdb::Cache::Handle* handle = cache_->Lookup(rocksdb::Slice(key.data(), key.size()));
    if (handle == nullptr) return false;
    const volatile char first = *static_cast<const char*>(cache_->Value(handle));
    static_cast<void>(first);
    cache_->Release(handle);
    return true;
  }
  void Set(std::string_view key, std::string_view value) override {
    char* copy = new char[value.size()];
    std::memcpy(copy, value.data(), value.size());
    // Charged as one each, so the capacity is of entries.
    cache_->Insert(rocksdb::Slice(key.data(), key.size()), copy, 1, &Free).PermitUncheckedError();
  }

 private:
  static void Free(const rocksdb::Slice&, void* value) { delete[] static_cast<char*>(value); }

  std::shared_ptr<rocksdb::Cache> cache_;
};

}  // namespace

std::unique_ptr<LoadedCache> MakeRocksLoaded(uint64_t capacity, uint64_t) {
  return std::make_unique<RocksLoaded>(capacity);
}

}  // namespace cairn::bench
