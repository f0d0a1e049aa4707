#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "cache/cache.h"

namespace cairn::cache {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

/// A cache on a clock that moves when told to.
class CacheFixture : public ::testing::Test {
 protected:
  CacheFixture() { options_.max_entries = 1000; }

  Cache& cache() {
    if (cache_ != nullptr) return *cache_;
    options_.clock = &clock_;
    auto made = Cache::Create(options_);
    EXPECT_TRUE(made.ok()) << made.status().message();
    cache_ = std::move(made).value();
    return *cache_;
  }
  Space* space() { return cache().default_space(); }
  Space* Open(const std::string& name, SpaceOptions options = {}) {
    auto opened = cache().OpenSpace(name, options);
    EXPECT_TRUE(opened.ok());
    return *opened;
  }
  /// "-" for a miss.
  std::string Get(const std::string& key, Space* in = nullptr) {
    const Handle handle = cache().Get(in == nullptr ? space() : in, key);
    return handle ? std::string(handle.value()) : "-";
  }
  void Set(const std::string& key, const std::string& value, const SetOptions& options = {},
           Space* in = nullptr) {
    const Status stored = cache().Set(in == nullptr ? space() : in, key, value, options);
    EXPECT_TRUE(stored.ok()) << stored.message();
  }

  CacheOptions options_;
  ManualClock clock_{1000 * kSecond};
  std::unique_ptr<Cache> cache_;
};

}  // namespace cairn::cache
