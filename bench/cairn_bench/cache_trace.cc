#include <zlib.h>

#include <stdexcept>

#include "cache/cache.h"
#include "cairn_bench/cache_policies.h"

namespace cairn::bench {
namespace {

class CairnKeyCache final : public KeyCache {
 public:
  explicit CairnKeyCache(size_t capacity) {
    cache::CacheOptions options;
    options.max_entries = capacity;
    options.seed = 1;  // so that a run can be repeated
    auto made = cache::Cache::Create(std::move(options));
    if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
    cache_ = std::move(made).value();
  }

  bool Access(uint64_t key) override {
    const std::string_view bytes(reinterpret_cast<const char*>(&key), sizeof key);
    if (cache_->Get(cache_->default_space(), bytes)) return true;
    const Status stored = cache_->Set(cache_->default_space(), bytes, "");
    if (!stored.ok()) throw std::runtime_error(std::string(stored.message()));
    if (cache_->entries() > 0) return false;
    throw std::runtime_error("nothing was stored");
  }

 private:
  std::unique_ptr<cache::Cache> cache_;
};

}  // namespace

std::unique_ptr<KeyCache> MakeCairnKeyCache(size_t capacity) {
  return std::make_unique<CairnKeyCache>(capacity);
}

std::vector<uint64_t> ReadTrace(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
  if (file == nullptr) throw std::runtime_error(path + ": cannot be opened");
  std::vector<uint64_t> keys;
  std::vector<unsigned char> block(8 << 13);
  int got = 0;
  while ((got = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0) {
    for (int i = 0; i + 8 <= got; i += 8) {
      uint64_t key = 0;
      for (int byte = 7; byte >= 0; --byte) key = key << 8 | block[static_cast<size_t>(i + byte)];
      keys.push_back(key);
    }
    if (got % 8 != 0) break;
  }
  gzclose(file);
  if (got < 0 || got % 8 != 0) throw std::runtime_error(path + ": not a file of 64-bit keys");
  return keys;
}

}  // namespace cairn::bench
