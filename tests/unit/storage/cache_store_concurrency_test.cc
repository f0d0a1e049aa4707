#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "storage/cache_store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

class CacheStoreConcurrencyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CacheStoreOptions options;
    options.path = dir_ / "cache";
    options.max_bytes = CacheStoreOptions::kLeastBytes;
    options.write_wait_ns = 60'000'000'000;  // slow machines
    options.retry_ns = 1;
    auto opened = CacheStore::Open(options);
    CAIRN_ASSERT_OK(opened);
    store_ = *std::move(opened);
  }
  std::string Get(std::string_view space, std::string_view key, uint64_t* epoch) {
    CachedValue value;
    const Status status = store_->Get(space, {&key, 1}, {&value, 1}, epoch);
    if (!status.ok()) return "!";
    return value.found ? value.value : "-";
  }

  test::TempDir dir_;
  std::shared_ptr<CacheStore> store_;
};

TEST_F(CacheStoreConcurrencyTest, EachThreadFindsWhatItWroteLastWhileOldValuesAreDropped) {
  constexpr int kThreads = 4;
#if defined(__SANITIZE_THREAD__)
  constexpr int kWrites = 15;  // each write costs it reports that are suppressed
#else
  constexpr int kWrites = 200;
#endif
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      const std::string space = StrCat("space", id % 2);
      const std::string key = StrCat("own", id);
      const std::string_view name = key;
      std::string value(20'000, '\0');
      uint32_t state = static_cast<uint32_t>(id) + 1;
      for (int i = 0; i < kWrites; ++i) {
        for (char& c : value) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
        auto epoch = store_->Epoch(space);
        const CacheWrite write{key, value, 0};
        uint64_t of = 0;
        if (!epoch.ok() || !store_->Set(space, *epoch, {&write, 1}).ok()) {
          ++wrong;
          continue;
        }
        const std::string got = Get(space, key, &of);
        // Bumps come from others.
        if (of == *epoch ? got != value : got != "-") ++wrong;
        if (i % 10 == 0 &&
            (!store_->Delete(space, {&name, 1}).ok() || Get(space, key, &of) != "-")) {
          ++wrong;
        }
        if (i % 50 == 7 && !store_->Bump(space, 0).ok()) ++wrong;
        if (i == kWrites / 2 && id == 0 && !store_->Reclaim().ok()) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_LE(store_->disk_bytes(), store_->max_bytes());
}

TEST_F(CacheStoreConcurrencyTest, ClosingWhileItIsUsedIsAFailureAndNoMore) {
  std::atomic<bool> stop{false};
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 3; ++id) {
    threads.emplace_back([&, id] {
      const std::string key = std::to_string(id);
      uint64_t of = 0;
      while (!stop.load()) {
        auto epoch = store_->Epoch("s");
        if (!epoch.ok()) continue;
        const CacheWrite write{key, "v", 0};
        store_->Set("s", *epoch, {&write, 1}).IgnoreError("it may be closed");
        const std::string got = Get("s", key, &of);
        if (got == "v") ++found;
      }
    });
  }
  while (found.load() < 100) std::this_thread::yield();
  store_->Close();
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  CAIRN_EXPECT_ERROR(store_->Epoch("s"), Code::kFailedPrecondition, "is closed");
}

}  // namespace
}  // namespace cairn::storage
