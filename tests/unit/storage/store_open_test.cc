#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "observe/log.h"
#include "storage/format.h"
#include "storage/keys.h"
#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

/// Every file below a folder, with its size.
std::vector<std::pair<std::string, uint64_t>> FilesIn(const std::string& folder) {
  std::vector<std::pair<std::string, uint64_t>> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    files.emplace_back(entry.path().string(), entry.is_regular_file() ? entry.file_size() : 0);
  }
  std::sort(files.begin(), files.end());
  return files;
}

size_t ThreadCount() {
  size_t count = 0;
  for (auto it = fs::directory_iterator("/proc/self/task"); it != fs::directory_iterator(); ++it) {
    ++count;
  }
  return count;
}

class StoreOpenTest : public ::testing::Test {
 protected:
  StoreOptions Options() { return {.path = dir_ / "db"}; }

  /// Makes a database with one document.
  void Make() {
    auto store = Store::Open(Options());
    ASSERT_TRUE(store.ok()) << store.status();
    Batch batch;
    batch.Put(Family::kDocuments, "key", "value");
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kSync));
    CAIRN_ASSERT_OK((*store)->Close());
  }

  void SetFormat(const std::string& record) {
    auto store = Store::Open(Options());
    ASSERT_TRUE(store.ok()) << store.status();
    Batch batch;
    batch.Put(Family::kManifest, keys::Format(), record);
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kSync));
  }

  test::TempDir dir_;
};

TEST_F(StoreOpenTest, APathThatCannotBeADatabaseIsAnInvalidArgument) {
  CAIRN_EXPECT_ERROR(Store::Open({.path = ""}), Code::kInvalidArgument, "empty");
  CAIRN_EXPECT_ERROR(Store::Open({.path = std::string("a\0b", 3)}), Code::kInvalidArgument, "NUL");
  dir_.Write("file", "text");
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "file"}), Code::kInvalidArgument, "is a file");
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "file/db"}), Code::kInvalidArgument, "parent");
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "file", .read_only = true}),
                     Code::kInvalidArgument, "is a file");
}

TEST_F(StoreOpenTest, AMissingDatabaseIsNotFoundUnlessItMayBeMade) {
  StoreOptions no_create = Options();
  no_create.create_if_missing = false;
  StoreOptions reader = Options();
  reader.read_only = true;
  for (const StoreOptions& options : {no_create, reader}) {
    CAIRN_EXPECT_ERROR(Store::Open(options), Code::kNotFound,
                       "no cairn database at " + options.path);
    EXPECT_FALSE(fs::exists(options.path));
  }
  fs::create_directory(Options().path);
  for (const StoreOptions& options : {no_create, reader}) {
    CAIRN_EXPECT_ERROR(Store::Open(options), Code::kNotFound, "no cairn database at ");
    EXPECT_TRUE(fs::is_empty(options.path));
  }
}

TEST_F(StoreOpenTest, AFolderWithOtherFilesIsRefusedAndLeftAlone) {
  dir_.Write("db/thesis.txt", "ten years of work");
  dir_.Write("db/store/readme", "");
  auto before = FilesIn(dir_.path());
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kDataLoss, "readme");
  fs::remove_all(dir_ / "db/store");
  before = FilesIn(dir_.path());
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kFailedPrecondition, "thesis.txt");
  EXPECT_EQ(FilesIn(dir_.path()), before);
}

TEST_F(StoreOpenTest, AStoreThatLostItsCurrentFileIsNotMadeAnew) {
  Make();
  fs::remove(dir_ / "db/store/CURRENT");
  auto before = FilesIn(dir_.path());
  StoreOptions reader = Options();
  reader.read_only = true;
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kDataLoss, "CURRENT");
  CAIRN_EXPECT_ERROR(Store::Open(reader), Code::kDataLoss, "CURRENT");
  EXPECT_EQ(FilesIn(dir_.path()), before);
}

TEST_F(StoreOpenTest, RemnantsOfAnInterruptedCreationAreNoObstacle) {
  dir_.Write("db/lock", "");
  dir_.Write("db/store/MANIFEST-000001", "torn");
  dir_.Write("db/store/000001.dbtmp", "torn");
  dir_.Write("db/store/IDENTITY", "torn");
  dir_.Write("db/store/LOCK", "");
  StoreOptions reader = Options();
  reader.read_only = true;
  CAIRN_EXPECT_ERROR(Store::Open(reader), Code::kNotFound, "no cairn database");
  Make();
  CAIRN_EXPECT_OK(Store::Open(reader));
}

TEST_F(StoreOpenTest, ANewerFormatIsRefusedNamingBothVersionsAndTheCure) {
  Make();
  SetFormat(EncodeFormat(kFormatVersion + 1));
  StoreOptions reader = Options();
  reader.read_only = true;
  for (const StoreOptions& options : {Options(), reader}) {
    auto opened = Store::Open(options);
    CAIRN_EXPECT_ERROR(opened, Code::kFailedPrecondition, StrCat("version ", kFormatVersion + 1));
    CAIRN_EXPECT_ERROR(opened, Code::kFailedPrecondition, StrCat("up to ", kFormatVersion));
    CAIRN_EXPECT_ERROR(opened, Code::kFailedPrecondition, "newer cairn");
  }
}

TEST_F(StoreOpenTest, ADamagedFormatRecordIsDataLoss) {
  Make();
  SetFormat("\xff\xff");
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kDataLoss, "format record");
}

TEST_F(StoreOpenTest, ASecondWriterInThisProcessIsLockedOut) {
  auto first = Store::Open(Options());
  CAIRN_ASSERT_OK(first);
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kLocked,
                     StrCat("database ", Options().path, " is in use by process ", getpid()));
  Batch batch;
  batch.Put(Family::kDocuments, "key", "value");
  CAIRN_EXPECT_OK((*first)->Commit(batch, Durability::kSync));
  CAIRN_EXPECT_ERROR(Store::Open(Options()), Code::kLocked, "this process");
  first->reset();
  CAIRN_EXPECT_OK(Store::Open(Options()));
}

TEST_F(StoreOpenTest, TheLockFileHoldsThePidOnlyWhileInUse) {
  auto pid = [&] {
    std::ifstream in(dir_ / "db/lock");
    std::string line;
    std::getline(in, line);
    return line;
  };
  auto store = Store::Open(Options());
  CAIRN_ASSERT_OK(store);
  EXPECT_EQ(pid(), std::to_string(getpid()));
  CAIRN_ASSERT_OK((*store)->Close());
  EXPECT_EQ(pid(), "");
}

TEST_F(StoreOpenTest, ALockFileThatNobodyHoldsIsNoObstacle) {
  Make();
  for (const char* text : {"", "1\n", "999999999\nnot-a-boot-id\nMANIFEST", "\xff\xfe"}) {
    dir_.Write("db/lock", text);
    CAIRN_EXPECT_OK(Store::Open(Options()));
  }
  fs::remove(dir_ / "db/lock");
  CAIRN_EXPECT_OK(Store::Open(Options()));
}

TEST_F(StoreOpenTest, MakesTheParentsOfItsFolder) {
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "a/b/c"}));
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "a/b/c", .create_if_missing = false}));
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "d/e/"}));
}

TEST_F(StoreOpenTest, AClosedStoreHasNothingToReplay) {
  Make();
  for (const auto& [file, size] : FilesIn(dir_.path())) {
    if (fs::path(file).extension() == ".log") {
      EXPECT_EQ(size, 0u) << file;
    }
  }
}

TEST_F(StoreOpenTest, ADestroyedStoreHasKeptEverything) {
  {
    auto store = Store::Open(Options());
    CAIRN_ASSERT_OK(store);
    Batch batch;
    batch.Put(Family::kDocuments, "key", "value");
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kAsync));
  }
  auto store = Store::Open(Options());
  CAIRN_ASSERT_OK(store);
  CAIRN_EXPECT_OK((*store)->Get(Family::kDocuments, "key"));
}

TEST_F(StoreOpenTest, TinyBudgetsStillWork) {
  StoreOptions options = Options();
  options.memory_bytes = 0;
  options.thread_count = 0;
  auto store = Store::Open(options);
  CAIRN_ASSERT_OK(store);
  std::string value(1000, 'x');
  for (int i = 0; i < 3000; ++i) {
    Batch batch;
    batch.Put(Family::kDocuments, std::to_string(i), value);
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kAsync));
  }
  for (int i = 0; i < 3000; ++i) {
    auto got = (*store)->Get(Family::kDocuments, std::to_string(i));
    ASSERT_TRUE(got.ok() && *got == value) << i;
  }
}

TEST_F(StoreOpenTest, StartsNoMoreThreadsThanAllowed) {
  size_t before = ThreadCount();
  StoreOptions options = Options();
  options.memory_bytes = 4 << 20;
  options.thread_count = 1;
  auto store = Store::Open(options);
  CAIRN_ASSERT_OK(store);
  std::string value(100'000, 'x');
  size_t most = 0;
  for (int i = 0; i < 200; ++i) {  // some twenty flushes
    Batch batch;
    batch.Put(Family::kDocuments, std::to_string(i), value);
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kAsync));
    most = std::max(most, ThreadCount());
  }
  // RocksDB has one more of its own, shared by all stores of a process: a timer that sleeps.
  EXPECT_LE(most, before + 1 + 1);
}

class CountingSink final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(LogLevel level, std::string_view component, std::string_view message) override {
    MutexLock lock(mutex_);
    ++records_;
    if (level >= LogLevel::kWarning) complaints_.emplace_back(message);
    if (component != "storage" || message.find('\n') != std::string_view::npos) ++malformed_;
  }
  void Check() {
    MutexLock lock(mutex_);
    EXPECT_GT(records_, 0);
    EXPECT_EQ(malformed_, 0);
    EXPECT_THAT(complaints_, ::testing::IsEmpty());
  }

 private:
  Mutex mutex_;
  int records_ CAIRN_GUARDED_BY(mutex_) = 0;
  int malformed_ CAIRN_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> complaints_ CAIRN_GUARDED_BY(mutex_);
};

TEST_F(StoreOpenTest, TheDiaryGoesToTheSinkAndToNoFile) {
  CountingSink sink;
  StoreOptions options = Options();
  options.log = &sink;
  {
    auto store = Store::Open(options);
    CAIRN_ASSERT_OK(store);
    Batch batch;
    batch.Put(Family::kDocuments, "key", "value");
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kSync));
  }
  sink.Check();
  for (const auto& [file, size] : FilesIn(dir_.path())) {
    EXPECT_NE(fs::path(file).filename().string().substr(0, 3), "LOG") << file;
  }
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  CAIRN_EXPECT_OK(Store::Open(Options()));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace cairn::storage
