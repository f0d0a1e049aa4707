#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cairn_bench/arguments.h"

namespace cairn::bench {

/// A cache under load: 16-byte keys, values of one size. Thread-safe.
class LoadedCache {
 public:
  virtual ~LoadedCache() = default;
  virtual std::string name() const = 0;
  /// True for a hit, with the first byte of the value read.
  virtual bool Get(std::string_view key) = 0;
  virtual void Set(std::string_view key, std::string_view value) = 0;
};

/// capacity: entries of `value_bytes`; what they take is for the cache to bound.
std::unique_ptr<LoadedCache> MakeCairnLoaded(uint64_t capacity, uint64_t value_bytes);
std::unique_ptr<LoadedCache> MakeRocksLoaded(uint64_t capacity, uint64_t value_bytes);
std::unique_ptr<LoadedCache> MakeTbbLoaded(uint64_t capacity, uint64_t value_bytes);
/// The peers that --peers names, after Cairn itself.
std::vector<std::unique_ptr<LoadedCache>> MakeLoadedCaches(const Arguments& arguments,
                                                           uint64_t capacity, uint64_t value_bytes);

}  // namespace cairn::bench
