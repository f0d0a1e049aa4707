#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/sync_point.h"
#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

/// Every file below a folder with all that a reader could change.
std::vector<std::tuple<std::string, int64_t, int64_t, int64_t>> State(const std::string& folder) {
  std::vector<std::tuple<std::string, int64_t, int64_t, int64_t>> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat info {};
    stat(entry.path().c_str(), &info);
    files.emplace_back(entry.path().string(), info.st_size, info.st_ino,
                       info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
  }
  std::sort(files.begin(), files.end());
  return files;
}

class ReadOnlyTest : public ::testing::Test {
 protected:
  void SetUp() override { writer_ = Open(false); }
  void TearDown() override { SyncPoint::ClearAll(); }

  std::unique_ptr<Store> Open(bool read_only) {
    auto opened = Store::Open({.path = dir_ / "db", .read_only = read_only});
    CAIRN_EXPECT_OK(opened);
    return opened.ok() ? std::move(opened).value() : nullptr;
  }

  void Put(std::string_view key, std::string_view value) {
    Batch batch;
    batch.Put(Family::kDocuments, key, value);
    CAIRN_ASSERT_OK(writer_->Commit(batch, Durability::kAsync));
  }

  /// Makes the writer move its write buffers into tables, and its log along.
  void Reorganise() {
    CAIRN_ASSERT_OK(writer_->Close());
    writer_ = Open(false);
    ASSERT_NE(writer_, nullptr);
  }

  static std::string Get(const Store& store, std::string_view key,
                         const SnapshotPtr& at = nullptr) {
    auto value = store.Get(Family::kDocuments, key, at);
    return value.ok() ? *value : StrCat("<", CodeName(value.status().code()), ">");
  }

  test::TempDir dir_;
  std::unique_ptr<Store> writer_;
};

TEST_F(ReadOnlyTest, WritingIsRefused) {
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  EXPECT_TRUE(reader->read_only());
  Batch batch;
  batch.Put(Family::kDocuments, "a", "1");
  CAIRN_EXPECT_ERROR(reader->Commit(batch, Durability::kSync), Code::kFailedPrecondition,
                     "read-only");
}

TEST_F(ReadOnlyTest, AReaderSeesWhatWasCommittedBeforeItOpened) {
  Put("a", "1");
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(Get(*reader, "a"), "1");
  Put("a", "2");
  EXPECT_EQ(Get(*reader, "a"), "1");
  CAIRN_ASSERT_OK(reader->Refresh());
  EXPECT_EQ(Get(*reader, "a"), "2");
}

TEST_F(ReadOnlyTest, RefreshFollowsTheWriterThroughReorganisation) {
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  for (int i = 0; i < 5; ++i) {
    Put("a", std::to_string(i));
    if (i % 2 == 1) Reorganise();
    CAIRN_ASSERT_OK(reader->Refresh());
    EXPECT_EQ(Get(*reader, "a"), std::to_string(i));
  }
  CAIRN_ASSERT_OK(writer_->Close());
  CAIRN_ASSERT_OK(reader->Refresh());
  EXPECT_EQ(Get(*reader, "a"), "4");
}

TEST_F(ReadOnlyTest, OldSnapshotsAndIteratorsStayValidAfterRefresh) {
  Put("a", "old");
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  SnapshotPtr snapshot = reader->TakeSnapshot();
  auto it = reader->Scan(Family::kDocuments, "");
  Put("a", "new");
  Put("b", "new");
  Reorganise();
  CAIRN_ASSERT_OK(reader->Refresh());
  EXPECT_EQ(Get(*reader, "a"), "new");
  EXPECT_EQ(Get(*reader, "a", snapshot), "old");
  EXPECT_EQ(Get(*reader, "b", snapshot), "<not_found>");
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->value(), "old");
  it->Next();
  EXPECT_FALSE(it->Valid());
  CAIRN_EXPECT_OK(it->status());
  auto scan = reader->Scan(Family::kDocuments, "", snapshot);
  ASSERT_TRUE(scan->Valid());
  EXPECT_EQ(scan->value(), "old");
}

TEST_F(ReadOnlyTest, WhatAReaderOpenedStaysReadableWhenTheWriterDeletesIt) {
  std::string value(10'000, 'x');
  for (int i = 0; i < 300; ++i) Put(std::to_string(i), value);
  Reorganise();
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  CAIRN_ASSERT_OK(writer_->Close());
  fs::remove_all(dir_ / "db");
  for (int i = 0; i < 300; ++i) ASSERT_EQ(Get(*reader, std::to_string(i)), value) << i;
}

TEST_F(ReadOnlyTest, AReaderChangesNoFile) {
  Put("a", "1");
  Reorganise();
  Put("b", "in the log only");
  auto before = State(dir_.path());
  {
    auto reader = Open(true);
    ASSERT_NE(reader, nullptr);
    EXPECT_EQ(Get(*reader, "b"), "in the log only");
    CAIRN_EXPECT_OK(reader->Refresh());
    CAIRN_EXPECT_OK(reader->Sync());
    CAIRN_EXPECT_OK(reader->Close());
  }
  EXPECT_EQ(State(dir_.path()), before);
}

TEST_F(ReadOnlyTest, AReaderThatClosedFailsEveryCall) {
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  CAIRN_ASSERT_OK(reader->Close());
  CAIRN_EXPECT_ERROR(reader->Get(Family::kDocuments, "a"), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(reader->Refresh(), Code::kFailedPrecondition, "closed");
}

TEST_F(ReadOnlyTest, AViewPiecedTogetherFromTwoMomentsIsNeverUsed) {
#ifndef CAIRN_SYNC_POINTS
  GTEST_SKIP() << "needs a build with CAIRN_SYNC_POINTS";
#endif
  Put("a", "1");
  int passes = 0;
  SyncPoint::Set("storage:reader_opened", [&] {
    if (++passes == 1) {
      Put("a", "2");
      Reorganise();
    }
  });
  auto reader = Open(true);
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(passes, 2);
  EXPECT_EQ(Get(*reader, "a"), "2");
}

TEST_F(ReadOnlyTest, AReaderGivesUpOnAWriterThatNeverRests) {
#ifndef CAIRN_SYNC_POINTS
  GTEST_SKIP() << "needs a build with CAIRN_SYNC_POINTS";
#endif
  SyncPoint::Set("storage:reader_opened", [&] { Reorganise(); });
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "db", .read_only = true}), Code::kUnavailable,
                     "kept changing");
}

TEST_F(ReadOnlyTest, EveryViewIsAPrefixOfHistoryWhileTheWriterIsBusy) {
  // The writer counts upwards in two families of one batch; a reader must never see them differ,
  // go backwards, or miss a number.
  writer_.reset();
  auto opened = Store::Open({.path = dir_ / "db", .memory_bytes = 4 << 20});
  CAIRN_ASSERT_OK(opened);
  writer_ = std::move(opened).value();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    std::string filler(20'000, 'x');
    // Bounded: on a slow machine the readers' rounds would else let it write without end.
    for (int i = 0; i < 20'000 && !stop.load(); ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, "count", std::to_string(i));
      batch.Put(Family::kChunks, "count", std::to_string(i));
      batch.Put(Family::kVectors, std::to_string(i % 100), filler);
      batch.Put(Family::kChangeLog, StrCat("n", 10'000'000 + i), "");
      CAIRN_EXPECT_OK(writer_->Commit(batch, Durability::kAsync));
    }
  });
  auto reader = Open(true);
  int last = -1;
  for (int round = 0; round < 40 && reader != nullptr; ++round) {
    Status refreshed = reader->Refresh();
    if (refreshed.code() == Code::kUnavailable) continue;
    CAIRN_EXPECT_OK(refreshed);
    std::string count = Get(*reader, "count");
    if (count == "<not_found>") continue;
    EXPECT_EQ(reader->Get(Family::kChunks, "count").value(), count);
    int now = std::stoi(count);
    EXPECT_GE(now, last);
    last = now;
    int seen = 0;
    for (auto it = reader->Scan(Family::kChangeLog, "n"); it->Valid(); it->Next()) ++seen;
    EXPECT_EQ(seen, now + 1);
  }
  stop.store(true);
  busy.join();
}

}  // namespace
}  // namespace cairn::storage
