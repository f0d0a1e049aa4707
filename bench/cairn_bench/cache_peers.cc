#include "cairn_bench/cache_peers.h"

#include <cairn/cache.h>

#include <stdexcept>
#include <utility>

#include "cache/cache.h"

namespace cairn::bench {
namespace {

class CairnLoaded final : public LoadedCache {
 public:
  explicit CairnLoaded(uint64_t capacity) {
    cache::CacheOptions options;
    options.max_entries = capacity;
    auto made = cache::Cache::Create(std::move(options));
    if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
    cache_ = std::move(made).value();
  }

  std::string name() const override { return "cairn"; }
  bool Get(std::string_view key) override {
    const cache::Handle handle = cache_->Get(cache_->default_space(), key);
    if (!handle) return false;
    const volatile char first = *handle.value().data();
    static_cast<void>(first);
    return true;
  }
  void Set(std::string_view key, std::string_view value) override {
    cache_->Set(cache_->default_space(), key, value).IgnoreError("a miss is counted");
  }

 private:
  std::unique_ptr<cache::Cache> cache_;
};

/// The same through the C interface, as hosts in other languages have it.
class AbiLoaded final : public LoadedCache {
 public:
  explicit AbiLoaded(uint64_t capacity) {
    cairn_cache_options options;
    cairn_cache_options_init(&options, sizeof options);
    options.max_entries = capacity;
    if (cairn_cache_create(&options, &cache_, nullptr) != CAIRN_OK ||
        cairn_cache_space_open(cache_, "", 0, nullptr, &space_, nullptr) != CAIRN_OK) {
      throw std::runtime_error("no cache through the C interface");
    }
  }
  ~AbiLoaded() override {
    cairn_cache_space_release(space_);
    cairn_cache_release(cache_);
  }

  std::string name() const override { return "c"; }
  bool Get(std::string_view key) override {
    cairn_cache_value* value = nullptr;
    if (cairn_cache_get(space_, key.data(), key.size(), &value, nullptr) != CAIRN_OK) return false;
    size_t size = 0;
    const volatile char first = *cairn_cache_value_data(value, &size);
    static_cast<void>(first);
    cairn_cache_value_release(value);
    return true;
  }
  void Set(std::string_view key, std::string_view value) override {
    const cairn_status stored = cairn_cache_set(space_, key.data(), key.size(), value.data(),
                                                value.size(), nullptr, nullptr);
    static_cast<void>(stored);  // a miss is counted
  }

 private:
  cairn_cache* cache_ = nullptr;
  cairn_cache_space* space_ = nullptr;
};

void Add(std::vector<std::unique_ptr<LoadedCache>>* to, const std::string& name, uint64_t capacity,
         uint64_t value_bytes, bool required) {
  if (name == "rocksdb") {
    to->push_back(MakeRocksLoaded(capacity, value_bytes));
    return;
  }
  if (name == "c") {
    to->push_back(std::make_unique<AbiLoaded>(capacity));
    return;
  }
#if defined(CAIRN_BENCH_TBB)
  if (name == "tbb") {
    to->push_back(MakeTbbLoaded(capacity, value_bytes));
    return;
  }
#endif
  if (required) throw UsageError("this build has no peer " + name);
}

}  // namespace

std::unique_ptr<LoadedCache> MakeCairnLoaded(uint64_t capacity, uint64_t) {
  return std::make_unique<CairnLoaded>(capacity);
}

std::vector<std::unique_ptr<LoadedCache>> MakeLoadedCaches(const Arguments& arguments,
                                                           uint64_t capacity,
                                                           uint64_t value_bytes) {
  std::vector<std::unique_ptr<LoadedCache>> all;
  all.push_back(MakeCairnLoaded(capacity, value_bytes));
  const std::string given = arguments.Get("peers", "");
  if (given == "none") return all;
  if (given.empty()) {
    for (const char* name : {"rocksdb", "tbb"}) Add(&all, name, capacity, value_bytes, false);
    return all;
  }
  for (size_t begin = 0; begin <= given.size();) {
    const size_t end = std::min(given.find(',', begin), given.size());
    Add(&all, given.substr(begin, end - begin), capacity, value_bytes, true);
    begin = end + 1;
  }
  return all;
}

}  // namespace cairn::bench
