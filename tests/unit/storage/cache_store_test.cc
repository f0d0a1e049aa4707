#include "storage/cache_store.h"

#include <gtest/gtest.h>

#include <sys/mount.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include "storage/directory.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecondNs = 1'000'000'000;

std::string Noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

uint64_t FolderBytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    const uint64_t size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

/// Files in the store's folder that end like this, the largest first.
std::vector<std::string> FilesLike(const std::string& path, std::string_view end) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(StoreDirectory(path))) {
    const std::string name = entry.path().string();
    if (name.size() > end.size() && name.substr(name.size() - end.size()) == end) {
      files.push_back(name);
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return fs::file_size(a) > fs::file_size(b); });
  return files;
}

class CacheStoreTest : public ::testing::Test {
 protected:
  CacheStoreTest() {
    options_.path = dir_ / "cache";
    options_.max_bytes = CacheStoreOptions::kLeastBytes;
    options_.clock = &clock_;
    options_.write_wait_ns = 10 * kSecondNs;  // slow disks
  }

  CacheStore& store() {
    if (store_ == nullptr) {
      auto opened = CacheStore::Open(options_);
      EXPECT_TRUE(opened.ok()) << opened.status();
      store_ = *std::move(opened);
    }
    return *store_;
  }
  void Reopen() {
    store_.reset();
    store();
  }
  void Set(std::string_view key, std::string_view value, int64_t ttl_ns = 0,
           std::string_view space = "s") {
    auto epoch = store().Epoch(space);
    CAIRN_ASSERT_OK(epoch);
    const CacheWrite write{key, value, ttl_ns};
    CAIRN_ASSERT_OK(store().Set(space, *epoch, {&write, 1}));
  }
  /// "-" for what is not found, "!" for a failure.
  std::string Get(std::string_view key, std::string_view space = "s") {
    const Status status = store().Get(space, {&key, 1}, {&value_, 1}, &epoch_);
    if (!status.ok()) return "!";
    return value_.found ? value_.value : "-";
  }
  void Delete(std::string_view key) { CAIRN_ASSERT_OK(store().Delete("s", {&key, 1})); }
  /// Values that share no byte, of 8 KiB, under numbers from `begin` on.
  void Fill(int begin, int count, int64_t ttl_ns = 0) {
    for (int i = begin; i < begin + count; ++i) Set(std::to_string(i), Noise(8192, i), ttl_ns);
  }
  int CountFound(int begin, int count) {
    int found = 0;
    for (int i = begin; i < begin + count; ++i) found += Get(std::to_string(i)) != "-" ? 1 : 0;
    return found;
  }

  test::TempDir dir_;
  ManualClock clock_{1'700'000'000 * kSecondNs};
  CacheStoreOptions options_;
  std::shared_ptr<CacheStore> store_;
  CachedValue value_;
  uint64_t epoch_ = 0;
};

TEST_F(CacheStoreTest, RefusesFoldersWithOtherThingsInThem) {
  dir_.Write("cache/important.txt", "not a cache");
  CAIRN_EXPECT_ERROR(CacheStore::Open(options_), Code::kFailedPrecondition, "not empty");
  options_.path = dir_ / "cache/important.txt";
  CAIRN_EXPECT_ERROR(CacheStore::Open(options_), Code::kInvalidArgument, "is a file");
  options_.path = "";
  options_.max_bytes = 1;
  CAIRN_EXPECT_ERROR(CacheStore::Open(options_), Code::kInvalidArgument, "is empty");
  CAIRN_EXPECT_ERROR(CacheStore::Open(options_), Code::kInvalidArgument, "less than");
  EXPECT_TRUE(fs::exists(dir_ / "cache/important.txt"));
}

TEST_F(CacheStoreTest, AnyBytesComeBackAlsoAfterARestart) {
  const std::string big = Noise(400'000, 1);
  const std::string_view keys[] = {"", std::string_view("k\0:/", 4), "a"};
  const std::string_view values[] = {"", std::string_view("\0\r\n\x01", 4), big};
  for (std::string_view space : {"", "s", "ss"}) {
    for (size_t i = 0; i < 3; ++i) Set(keys[i], values[i], 0, space);
  }
  for (int round = 0; round < 2; ++round) {
    for (std::string_view space : {"", "s", "ss"}) {
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(Get(keys[i], space) == values[i]);
        EXPECT_EQ(value_.ttl_ns, 0);
      }
    }
    Reopen();
  }
  EXPECT_EQ(Get("absent"), "-");
}

TEST_F(CacheStoreTest, NamesThatLookAlikeDoNotMeet) {
  const std::pair<std::string_view, std::string_view> kPairs[] = {{"a", "b"},
                                                                  {"ab", ""},
                                                                  {"", "ab"},
                                                                  {"",
                                                                   "\x01"
                                                                   "ab"},
                                                                  {"a",
                                                                   "\x01"
                                                                   "b"}};
  for (const auto& [space, key] : kPairs) Set(key, StrCat(space, "|", key), 0, space);
  for (const auto& [space, key] : kPairs) EXPECT_EQ(Get(key, space), StrCat(space, "|", key));
}

TEST_F(CacheStoreTest, TimesAreKeptOverARestartAndCheckedOnReading) {
  Set("short", "1", 10 * kSecondNs);
  Set("long", "2", 1000 * kSecondNs);
  clock_.Advance(4 * kSecondNs);
  Reopen();
  EXPECT_EQ(Get("short"), "1");
  EXPECT_EQ(value_.ttl_ns, 6 * kSecondNs);
  clock_.Advance(6 * kSecondNs);
  EXPECT_EQ(Get("short"), "-");
  EXPECT_EQ(Get("long"), "2");
  // A clock that is set back does not prolong a life beyond what it was.
  clock_.Advance(-5000 * kSecondNs);
  EXPECT_EQ(Get("long"), "2");
  EXPECT_EQ(value_.ttl_ns, 1000 * kSecondNs);
}

TEST_F(CacheStoreTest, ABumpSurvivesARestartAndOlderWritesDoNotComeBack) {
  Set("a", "old");
  Set("a", "other", 0, "t");
  auto before = store().Epoch("s");
  CAIRN_ASSERT_OK(before);
  auto bumped = store().Bump("s", 0);
  CAIRN_ASSERT_OK(bumped);
  EXPECT_EQ(*bumped, *before + 1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Get("a"), "-");
    EXPECT_EQ(epoch_, *bumped);
    const CacheWrite late{"a", "old", 0};
    CAIRN_EXPECT_OK(store().Set("s", *before, {&late, 1}));
    EXPECT_EQ(Get("a"), "-");
    EXPECT_EQ(Get("a", "t"), "other");
    Reopen();
  }
  Set("a", "new");
  EXPECT_EQ(Get("a"), "new");
  auto far = store().Bump("s", *bumped + 1000);
  CAIRN_ASSERT_OK(far);
  EXPECT_EQ(*far, *bumped + 1000);
}

TEST_F(CacheStoreTest, WhatWasDeletedOrIsOverStaysHiddenThroughGenerationsAndCompactions) {
  Set("deleted", "old");
  Set("over", "old");
  Set("replaced", "old");
  Fill(0, 300);  // some generations
  Delete("deleted");
  Set("over", "new", kSecondNs);
  Set("replaced", "new");
  Fill(300, 300);
  clock_.Advance(2 * kSecondNs);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Get("deleted"), "-");
    EXPECT_EQ(Get("over"), "-");
    EXPECT_EQ(Get("replaced"), "new");
    if (round == 0) CAIRN_ASSERT_OK(store().Reclaim());
    if (round == 1) Reopen();
  }
}

TEST_F(CacheStoreTest, AValueTooLargeHidesTheOldOne) {
  Set("a", "old");
  Set("a", Noise(4 << 20, 1));
  EXPECT_EQ(Get("a"), "-");
}

TEST_F(CacheStoreTest, TheCompactionFilterReclaimsWhatNobodySees) {
  Fill(0, 400, kSecondNs);  // of 16 MiB, 3 MiB that end soon and 3 MiB that are bumped
  for (int i = 0; i < 400; ++i) Set(std::to_string(i), Noise(8192, i), 0, "bumped");
  Set("kept", "1");
  CAIRN_ASSERT_OK(store().Reclaim());
  const uint64_t full = FolderBytes(options_.path);
  EXPECT_GT(full, 6u << 20);
  clock_.Advance(2 * kSecondNs);
  CAIRN_ASSERT_OK(store().Reclaim());
  const uint64_t half = FolderBytes(options_.path);
  EXPECT_LT(half, 4u << 20);
  CAIRN_ASSERT_OK(store().Bump("bumped", 0));
  CAIRN_ASSERT_OK(store().Reclaim());
  EXPECT_LT(FolderBytes(options_.path), 1u << 20);
  EXPECT_EQ(Get("kept"), "1");
}

TEST_F(CacheStoreTest, TheBudgetHoldsAndTheOldestGo) {
  uint64_t most = 0;
  std::atomic<bool> stop{false};
  store();
  std::thread watcher([&] {
    while (!stop.load()) {
      most = std::max(most, FolderBytes(options_.path));
      std::this_thread::sleep_for(std::chrono::microseconds(300));  // leaves the rest some time
    }
  });
  constexpr int kValues = 3600;  // 28 MiB into 16
  Fill(0, kValues);
  stop.store(true);
  watcher.join();
  EXPECT_LE(most, options_.max_bytes);
  EXPECT_GT(most, options_.max_bytes / 2) << "not much use is made of it";
  const int recent = static_cast<int>(options_.max_bytes / 8192 * 55 / 100);
  EXPECT_EQ(CountFound(kValues - recent, recent), recent);
  EXPECT_EQ(CountFound(0, kValues / 3), 0);
  Reopen();
  EXPECT_EQ(CountFound(kValues - recent, recent), recent);
  EXPECT_EQ(CountFound(0, kValues / 3), 0);
}

TEST_F(CacheStoreTest, ASecondOneOnTheSameFolderWaitsForItsTurn) {
  Set("a", "1");
  auto second = CacheStore::Open(options_);
  CAIRN_ASSERT_OK(second);
  std::string_view key = "a";
  EXPECT_FALSE((*second)->Get("s", {&key, 1}, {&value_, 1}, &epoch_).ok());
  store_->Close();
  EXPECT_EQ(Get("a"), "!");
  clock_.Advance(2 * kSecondNs);
  CAIRN_EXPECT_OK((*second)->Get("s", {&key, 1}, {&value_, 1}, &epoch_));
  EXPECT_EQ(value_.value, "1");
}

TEST_F(CacheStoreTest, ARemovedFolderIsMadeAnewAndEpochsGoOn) {
  Set("a", "1");
  auto before = store().Bump("s", 0);
  CAIRN_ASSERT_OK(before);
  fs::remove_all(options_.path);
  // It is noticed before anything is written to a folder that may be somebody else's by now.
  const std::string big = Noise(100'000, 7);
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    const CacheWrite write{"b", big, 0};
    status = store().Set("s", *before, {&write, 1});
  }
  CAIRN_EXPECT_ERROR(status, Code::kIoError, "removed");
  EXPECT_EQ(Get("a"), "!") << "not at once";
  clock_.Advance(2 * kSecondNs);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_GT(epoch_, *before);
  Set("a", "2");
  Reopen();
  EXPECT_EQ(Get("a"), "2");
}

TEST_F(CacheStoreTest, DamagedFilesAreAMissAndThenMadeAnew) {
  for (const char* kind : {".sst", ".log", "MANIFEST", "CURRENT"}) {
    SCOPED_TRACE(kind);
    Fill(0, 100);
    CAIRN_ASSERT_OK(store().Reclaim());  // into tables
    Fill(100, 20);
    store_.reset();
    std::vector<std::string> files = FilesLike(options_.path, kind);
    for (const auto& entry : fs::directory_iterator(StoreDirectory(options_.path))) {
      if (entry.path().filename().string().rfind(kind, 0) == 0) files = {entry.path().string()};
    }
    ASSERT_FALSE(files.empty());
    {
      std::fstream file(files[0], std::ios::in | std::ios::out | std::ios::binary);
      const auto size = static_cast<std::streamoff>(fs::file_size(files[0]));
      for (std::streamoff at = 0; at < size; at += 512) {
        file.seekp(at);
        file.put('\x5a');
      }
    }
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 120; ++i) {
        const std::string got = Get(std::to_string(i));
        EXPECT_TRUE(got == "-" || got == "!" || got == Noise(8192, i)) << i;
      }
      clock_.Advance(2 * kSecondNs);
    }
    Set("a", kind);
    EXPECT_EQ(Get("a"), kind);
  }
}

/// A small file system, for as long as the object lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST_F(CacheStoreTest, AFullDiskIsAMissAndItsRoomIsGivenBack) {
  SmallDisk disk(dir_ / "small");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs here";
  dir_.Write("small/ballast", std::string(20 << 20, 'x'));
  options_.path = dir_ / "small/cache";
  options_.write_wait_ns = kSecondNs / 10;
  auto epoch = store().Epoch("s");
  CAIRN_ASSERT_OK(epoch);
  const auto set = [&](int i) {
    const std::string key = std::to_string(i);
    const std::string value = Noise(8192, i);
    const CacheWrite write{key, value, 0};
    return store().Set("s", *epoch, {&write, 1});
  };
  int failures = 0;
  for (int i = 0; i < 3000 && failures < 3; ++i) {
    if (!set(i).ok()) {
      ++failures;
      clock_.Advance(2 * kSecondNs);
    }
    const std::string got = Get(std::to_string(i));
    EXPECT_TRUE(got == "-" || got == "!" || got == Noise(8192, i)) << i;
  }
  EXPECT_GT(failures, 2);
  fs::remove(dir_ / "small/ballast");
  clock_.Advance(2 * kSecondNs);
  Get("a");
  clock_.Advance(2 * kSecondNs);
  Set("a", "1");
  EXPECT_EQ(Get("a"), "1");
}

TEST_F(CacheStoreTest, WhereNothingCanBeMadeCallsFailUntilItCan) {
  dir_.Write("file", "");
  options_.path = dir_ / "file/cache";
  EXPECT_EQ(Get("a"), "!");
  CAIRN_EXPECT_ERROR(store().Epoch("s"), Code::kUnavailable, "file/cache");
  fs::remove(dir_ / "file");
  clock_.Advance(2 * kSecondNs);
  Set("a", "1");
  EXPECT_EQ(Get("a"), "1");
}

}  // namespace
}  // namespace cairn::storage
