// Every allocation of every call is made to fail, once alone and once with all that follow: that
// costs a value, never the process, a lock, a byte, or the truth of what is found.

#include <cstdlib>
#include <functional>
#include <new>

#include "cache_fixture.h"
#include "fake_tier.h"

namespace {

thread_local int64_t allocations_left = -1;  ///< -1 = as many as there are
thread_local bool fails_once = false;
thread_local bool failed = false;

void* Allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (allocations_left == 0) {
    failed = true;
    if (fails_once) allocations_left = -1;
    return nullptr;
  }
  if (allocations_left > 0) --allocations_left;
  if (alignment == 0) return std::malloc(bytes == 0 ? 1 : bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return OrThrow(Allocate(bytes, 0)); }
void* operator new[](std::size_t bytes) { return OrThrow(Allocate(bytes, 0)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return OrThrow(Allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return OrThrow(Allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes, 0); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, 0);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t&) noexcept {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace cairn::cache {
namespace {

constexpr int kEntries = 60;
constexpr size_t kValueBytes = 300;

std::string ValueOf(int key) { return std::string(kValueBytes, static_cast<char>('a' + key % 26)); }

class OutOfMemoryTest : public CacheFixture {
 protected:
  void SetUp() override {
    options_.max_entries = 0;
    options_.max_bytes = 1 << 20;
  }
  void Fill() {
    for (int i = 0; i < kEntries; ++i) Set(std::to_string(i), ValueOf(i));
  }

  /// Runs the call again and again with the first, second, third, ... allocation failing, until it
  /// needs no more of them; each time on a cache of its own. check() comes after each.
  void FailEach(
      const std::function<void()>& call, const std::function<void()>& check = [] {}) {
    for (const bool once : {true, false}) {
      int64_t left = 0;
      do {
        ASSERT_LT(left, 5000) << "it needs ever more memory";
        SCOPED_TRACE(::testing::Message() << "allocation " << left << (once ? " alone" : " on"));
        cache_.reset();
        Fill();
        failed = false;
        fails_once = once;
        allocations_left = left++;
        try {
          call();
        } catch (const std::bad_alloc&) {  // as the C interface takes it
        }
        allocations_left = -1;
        check();
        CheckAll();
      } while (failed);
    }
  }
  /// What is found is right, and the cache goes on.
  void CheckAll() {
    for (int i = 0; i < kEntries; ++i) {
      const std::string got = Get(std::to_string(i));
      ASSERT_TRUE(got == "-" || got == ValueOf(i)) << i;
    }
    Set("afterwards", "works");
    EXPECT_EQ(Get("afterwards"), "works");
    ASSERT_LE(cache().bytes(), options_.max_bytes);
    Space* all = space();
    cache().ClearAll();
    cache().Maintain();
    EXPECT_EQ(cache().Stats(all).bytes, 0u);
    EXPECT_EQ(cache().entries(), 0u);
  }
  /// The new value or none, never the one before.
  void ExpectNewOrNone(const std::string& key, const std::string& value) {
    const std::string got = Get(key);
    EXPECT_TRUE(got == value || got == "-") << got.substr(0, 20);
  }
};

TEST_F(OutOfMemoryTest, ASetIsRefusedAndTheOldValueIsGone) {
  const std::string value(700, 'n');
  for (const char* key : {"new", "afterwards"}) {
    FailEach([&] { cache().Set(space(), key, value).IgnoreError("it may be refused"); },
             [&] { ExpectNewOrNone(key, value); });
  }
}

TEST_F(OutOfMemoryTest, ALargeValueIsRefused) {
  const std::string value(100'000, 'n');
  FailEach([&] { cache().Set(space(), "new", value).IgnoreError("it may be refused"); },
           [&] { ExpectNewOrNone("new", value); });
}

TEST_F(OutOfMemoryTest, TablesGrowAndEntriesAreEvicted) {
  options_.max_bytes = 300'000;
  FailEach([&] {
    for (int i = 0; i < 400; ++i) {
      try {
        cache()
            .Set(space(), "k" + std::to_string(i), std::string(900, 'x'))
            .IgnoreError("it may be refused");
      } catch (const std::bad_alloc&) {
      }
      if (failed && !fails_once) break;
    }
  });
}

TEST_F(OutOfMemoryTest, ReadingIsAMiss) {
  const std::string_view keys[] = {"1", "absent", "2"};
  FailEach([&] {
    const Handle handle = cache().Get(space(), "1");
    const std::vector<Handle> handles = cache().GetBatch(space(), keys);
  });
}

TEST_F(OutOfMemoryTest, RemovingRemoves) {
  FailEach([&] { cache().Delete(space(), "1"); }, [&] { EXPECT_EQ(Get("1"), "-"); });
  FailEach([&] { cache().Bump(space()); }, [&] { EXPECT_EQ(Get("1"), "-"); });
  FailEach([&] { cache().DeletePrefix(space(), "1"); });
  FailEach([&] { cache().Clear(space()); }, [&] { EXPECT_EQ(Get("1"), "-"); });
}

TEST_F(OutOfMemoryTest, HandlesOutliveACacheThatEndsWithoutMemory) {
  FailEach([&] {
    std::vector<Handle> handles;
    handles.reserve(40);
    for (int i = 0; i < 40; ++i) handles.push_back(cache().Get(space(), std::to_string(i)));
    cache_.reset();
    for (int i = 0; i < 40; ++i) {
      if (handles[static_cast<size_t>(i)].value()[0] != 'a' + i % 26) std::abort();
    }
  });
}

TEST_F(OutOfMemoryTest, ALoadFailsAndTheNextOneWorks) {
  const std::string value(700, 'n');
  const Loader loader = [&](Loaded* out) {
    out->value = value;
    return OkStatus();
  };
  const std::string key(100, 'k');
  FailEach(
      [&] {
        LoadResult result;
        const Status loaded = cache().GetOrLoad(space(), key, loader, {}, &result);
        if (loaded.ok() && result.value() != value) std::abort();
      },
      [&] {
        LoadResult result;
        ASSERT_TRUE(cache().GetOrLoad(space(), key, loader, {}, &result).ok());
        EXPECT_EQ(result.value(), value);
      });
}

TEST_F(OutOfMemoryTest, ATierDoesNotBringBackWhatWasOverwritten) {
  auto tier = std::make_shared<FakeTier>();
  options_.tiers = {tier};
  FailEach([&] { cache().Set(space(), "1", "new").IgnoreError("it may be refused"); },
           [&] {
             if (cache().Stats(space()).sets == kEntries) return;  // it never began
             cache_.reset();
             const std::string got = Get("1");
             EXPECT_TRUE(got == "new" || got == "-") << got.substr(0, 20);
             Fill();
           });
}

TEST_F(OutOfMemoryTest, WhatATierHasIsAMissAndNoKeyStaysBlocked) {
  auto tier = std::make_shared<FakeTier>();
  options_.tiers = {tier};
  const std::string key(100, 'k');
  const std::string_view keys[] = {key, "1", "absent"};
  FailEach([&] { const std::vector<Handle> handles = cache().GetBatch(space(), keys); },
           [&] {
             Set(key, ValueOf(7));
             EXPECT_EQ(Get(key), ValueOf(7));
             LoadResult result;
             LoadOptions load;
             const Loader loader = [](Loaded*) { return OkStatus(); };
             EXPECT_TRUE(cache().GetOrLoad(space(), "absent", loader, load, &result).ok());
           });
}

TEST_F(OutOfMemoryTest, CompressedValuesAreMisses) {
  if (!Packing::available()) GTEST_SKIP() << "this build has no LZ4";
  options_.compress_from_bytes = 100;
  const std::string value(50'000, 'n');
  FailEach(
      [&] {
        cache().Set(space(), "new", value).IgnoreError("it may be refused");
        const Handle handle = cache().Get(space(), "new");
        if (handle && handle.value() != value) std::abort();
      },
      [&] { ExpectNewOrNone("new", value); });
}

TEST_F(OutOfMemoryTest, TheListenerMissesSome) {
  int told = 0;
  options_.listener = [&](const Removal&) { ++told; };
  FailEach([&] {
    cache().Set(space(), "1", "n").IgnoreError("it may be refused");
    cache().Delete(space(), "1");
    cache().Delete(space(), "2");
  });
  EXPECT_GT(told, 0);
}

TEST_F(OutOfMemoryTest, NoCacheIsMadeOrAWholeOne) {
  for (int64_t left = 0; left < 5000; ++left) {
    failed = false;
    fails_once = true;
    allocations_left = left;
    try {
      auto made = Cache::Create(options_);
      allocations_left = -1;
      if (made.ok()) {
        EXPECT_TRUE((*made)->Set((*made)->default_space(), "a", "b").ok());
      }
    } catch (const std::bad_alloc&) {
    }
    allocations_left = -1;
    if (!failed) return;
  }
  FAIL() << "it needs ever more memory";
}

}  // namespace
}  // namespace cairn::cache
