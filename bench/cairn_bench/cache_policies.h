#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cairn::bench {

/// A cache of keys that counts entries, for hit ratios. Single-threaded.
class KeyCache {
 public:
  virtual ~KeyCache() = default;
  /// True for a hit; after a miss the key has been offered to the cache.
  virtual bool Access(uint64_t key) = 0;
};

/// "lru", exact; "s3fifo" (Yang et al., SOSP 2023: small queue of 10 %, promotion after two hits,
/// ghost of 90 %); "tinylfu" (Einziger et al., ACM ToS 2017: window of 1 %, segmented LRU of which
/// 80 % is protected, as in Caffeine before it adapted its window).
std::unique_ptr<KeyCache> MakeKeyCache(const std::string& policy, size_t capacity);
/// The library's own cache, bounded by entries.
std::unique_ptr<KeyCache> MakeCairnKeyCache(size_t capacity);

/// Little-endian 64-bit keys; a name that ends in .gz is unpacked.
std::vector<uint64_t> ReadTrace(const std::string& path);

}  // namespace cairn::bench
