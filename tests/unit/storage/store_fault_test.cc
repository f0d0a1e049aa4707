#include <gtest/gtest.h>

#include <rocksdb/db.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "observe/log.h"
#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const std::string& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// The files of a store with this ending or beginning, largest first.
std::vector<std::string> FilesLike(const std::string& database, std::string_view part) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(database + "/store")) {
    if (entry.path().filename().string().find(part) != std::string::npos) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return fs::file_size(a) > fs::file_size(b); });
  return files;
}

std::string Noise(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

class StoreFaultTest : public ::testing::Test {
 protected:
  const std::string& Path() { return path_; }

  /// A closed database with 200 documents in tables.
  void MakeClosed() {
    auto store = Store::Open({.path = Path()});
    ASSERT_TRUE(store.ok()) << store.status();
    FillAndClose(**store);
  }

  void FillAndClose(Store& store) {
    for (unsigned i = 0; i < 200; ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, StrCat("doc", i), Noise(1000, i));
      CAIRN_ASSERT_OK(store.Commit(batch, Durability::kAsync));
    }
    CAIRN_ASSERT_OK(store.Close());
  }

  /// What a process killed after ten commits leaves: a copy of a live database.
  void MakeCrashed() {
    std::string live = dir_ / "live";
    auto store = Store::Open({.path = live});
    ASSERT_TRUE(store.ok()) << store.status();
    for (unsigned i = 0; i < 10; ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, StrCat("doc", i), Noise(100, i));
      CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kSync));
    }
    fs::remove_all(Path());
    fs::copy(live, Path(), fs::copy_options::recursive);
  }

  /// How many of doc0, doc1, ... the store has; -1 if they have holes.
  static int Documents(const Store& store) {
    int count = 0;
    bool ended = false;
    for (unsigned i = 0; i < 10; ++i) {
      bool there = store.Get(Family::kDocuments, StrCat("doc", i)).ok();
      if (there && ended) return -1;
      ended = !there;
      count += there ? 1 : 0;
    }
    return count;
  }

  test::TempDir dir_;
  const std::string path_ = dir_ / "db";
};

TEST_F(StoreFaultTest, ATruncatedTableIsDataLossNamingTheFile) {
  MakeClosed();
  std::string table = FilesLike(Path(), ".sst").front();
  fs::resize_file(table, fs::file_size(table) / 2);
  for (bool read_only : {false, true}) {
    auto store = Store::Open({.path = Path(), .read_only = read_only});
    CAIRN_EXPECT_ERROR(store, Code::kDataLoss, fs::path(table).filename().string());
  }
}

TEST_F(StoreFaultTest, AMissingTableIsDataLossNamingTheFile) {
  MakeClosed();
  std::string table = FilesLike(Path(), ".sst").front();
  fs::remove(table);
  for (bool read_only : {false, true}) {
    auto store = Store::Open({.path = Path(), .read_only = read_only});
    CAIRN_EXPECT_ERROR(store, Code::kDataLoss, fs::path(table).stem().string());
  }
}

TEST_F(StoreFaultTest, AFlippedByteOfATableIsDataLossAndTheRestStaysReadable) {
  MakeClosed();
  std::string table = FilesLike(Path(), ".sst").front();
  std::string bytes = ReadFile(table);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(table, bytes);
  auto store = Store::Open({.path = Path()});
  CAIRN_ASSERT_OK(store);
  int good = 0;
  for (unsigned i = 0; i < 200; ++i) {
    auto value = (*store)->Get(Family::kDocuments, StrCat("doc", i));
    if (value.ok()) {
      EXPECT_EQ(*value, Noise(1000, i));
      ++good;
    } else {
      CAIRN_EXPECT_ERROR(value, Code::kDataLoss, fs::path(table).filename().string());
    }
  }
  EXPECT_GE(good, 190);
  EXPECT_LT(good, 200);
  auto it = (*store)->Scan(Family::kDocuments, "");
  while (it->Valid()) it->Next();
  CAIRN_EXPECT_ERROR(it->status(), Code::kDataLoss, "");
}

TEST_F(StoreFaultTest, AShortenedManifestIsNeverTakenForAnOlderState) {
  MakeClosed();
  std::string manifest = FilesLike(Path(), "MANIFEST").front();
  std::string bytes = ReadFile(manifest);
  size_t tables = FilesLike(Path(), ".sst").size();
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 40) {
    WriteFile(manifest, bytes.substr(0, size));
    for (bool read_only : {true, false}) {
      auto store = Store::Open({.path = Path(), .read_only = read_only});
      CAIRN_EXPECT_ERROR(store, Code::kDataLoss, "");
    }
    ASSERT_EQ(FilesLike(Path(), ".sst").size(), tables) << "cut to " << size;
  }
  WriteFile(manifest, bytes);
  CAIRN_EXPECT_OK(Store::Open({.path = Path()}));
}

TEST_F(StoreFaultTest, AShortenedManifestIsRefusedWithoutTheLockFileToo) {
  MakeClosed();
  fs::remove(dir_ / "db/lock");
  std::string manifest = FilesLike(Path(), "MANIFEST").front();
  std::string bytes = ReadFile(manifest);
  size_t tables = FilesLike(Path(), ".sst").size();
  for (size_t size : {size_t{0}, size_t{10}, size_t{60}, bytes.size() / 4, bytes.size() / 3}) {
    WriteFile(manifest, bytes.substr(0, size));
    auto store = Store::Open({.path = Path()});
    EXPECT_FALSE(store.ok()) << "cut to " << size;
    EXPECT_EQ(FilesLike(Path(), ".sst").size(), tables) << "cut to " << size;
    fs::remove(dir_ / "db/lock");
  }
}

TEST_F(StoreFaultTest, ADamagedCurrentFileIsRefused) {
  MakeClosed();
  for (const char* text : {"", "MANIFEST-999999\n", "MANIFEST-", "garbage\n"}) {
    WriteFile(dir_ / "db/store/CURRENT", text);
    for (bool read_only : {true, false}) {
      CAIRN_EXPECT_ERROR(Store::Open({.path = Path(), .read_only = read_only}), Code::kDataLoss,
                         Path());
    }
  }
}

TEST_F(StoreFaultTest, ATornEndOfTheLogCostsOnlyWhatWasTorn) {
  MakeCrashed();
  std::string log = FilesLike(Path(), ".log").front();
  std::string bytes = ReadFile(log);
  ASSERT_GT(bytes.size(), 1000u);
  fs::copy(Path(), dir_ / "copy", fs::copy_options::recursive);
  int before = -1;
  for (size_t cut : {size_t{0}, size_t{1}, size_t{5}, size_t{50}, size_t{120}, size_t{400}}) {
    fs::remove_all(Path());
    fs::copy(dir_ / "copy", Path(), fs::copy_options::recursive);
    fs::resize_file(log, bytes.size() - cut);
    auto reader = Store::Open({.path = Path(), .read_only = true});
    CAIRN_ASSERT_OK(reader);
    auto store = Store::Open({.path = Path()});
    CAIRN_ASSERT_OK(store);
    int documents = Documents(**store);
    EXPECT_EQ(Documents(**reader), documents);
    EXPECT_EQ(documents, cut == 0 ? 10 : cut <= 50 ? 9 : documents);
    EXPECT_GE(documents, 10 - 1 - static_cast<int>(cut / 100));
    if (before >= 0) {
      EXPECT_LE(documents, before);
    }
    before = documents;
  }
}

class Complaints final : public LogSink {
 public:
  bool Enabled(LogLevel level) const override { return level >= LogLevel::kError; }
  void Write(LogLevel, std::string_view, std::string_view message) override {
    MutexLock lock(mutex_);
    text_.append(message).push_back('\n');
  }
  std::string text() {
    MutexLock lock(mutex_);
    return text_;
  }

 private:
  Mutex mutex_;
  std::string text_ CAIRN_GUARDED_BY(mutex_);
};

TEST_F(StoreFaultTest, DamageInTheMiddleOfTheLogIsReportedNotSkipped) {
  MakeCrashed();
  std::string log = FilesLike(Path(), ".log").front();
  std::string bytes = ReadFile(log);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(log, bytes);
  for (bool read_only : {true, false}) {
    CAIRN_EXPECT_ERROR(Store::Open({.path = Path(), .read_only = read_only}), Code::kDataLoss,
                       Path());
  }
  CAIRN_EXPECT_ERROR(Store::Open({.path = Path()}), Code::kDataLoss, Path());
}

TEST_F(StoreFaultTest, AfterAPowerLossTheStateBeforeTheDamageIsKeptAndTheLossIsOnRecord) {
  MakeCrashed();
  std::string log = FilesLike(Path(), ".log").front();
  std::string bytes = ReadFile(log);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(log, bytes);
  WriteFile(dir_ / "db/lock", "4711\n00000000-0000-0000-0000-000000000000\n\n");
  auto reader = Store::Open({.path = Path(), .read_only = true});
  CAIRN_ASSERT_OK(reader);
  EXPECT_GE(Documents(**reader), 3);
  Complaints complaints;
  auto store = Store::Open({.path = Path(), .log = &complaints});
  CAIRN_ASSERT_OK(store);
  EXPECT_GE(Documents(**store), 3);
  EXPECT_LT(Documents(**store), 10);
  EXPECT_THAT(complaints.text(), ::testing::HasSubstr("unsynced writes"));
  store->reset();
  CAIRN_EXPECT_OK(Store::Open({.path = Path()}));
}

/// Makes a RocksDB store of other people at PATH/store.
void MakeForeign(const std::string& path, std::vector<std::string> families, bool with_data) {
  fs::create_directories(path);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  families.insert(families.begin(), rocksdb::kDefaultColumnFamilyName);
  for (const auto& name : families) {
    descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path + "/store", descriptors, &handles, &db).ok());
  if (with_data) {
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), handles.back(), "theirs", "kept").ok());
  }
  for (auto* handle : handles) delete handle;
  delete db;
}

const std::vector<std::string> kFamilies = {"manifest", "documents", "chunks",   "vectors",
                                            "postings", "terms",     "metadata", "change_log"};

TEST_F(StoreFaultTest, ARocksDbStoreOfOthersIsRefusedAndLeftAlone) {
  int number = 0;
  for (const std::vector<std::string>& families :
       {std::vector<std::string>{}, {"theirs"}, {"manifest"}, kFamilies}) {
    std::string path = dir_ / StrCat("foreign", number++);
    MakeForeign(path, families, true);
    for (bool read_only : {true, false}) {
      auto store = Store::Open({.path = path, .read_only = read_only});
      CAIRN_EXPECT_ERROR(store, Code::kFailedPrecondition, "format record");
    }
    std::vector<std::string> found;
    ASSERT_TRUE(
        rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path + "/store", &found).ok());
    EXPECT_EQ(found.size(), families.size() + 1);
  }
}

TEST_F(StoreFaultTest, ACreationCutShortIsFinished) {
  int number = 0;
  for (size_t made : {0, 1, 3, 8}) {
    std::string path = dir_ / StrCat("half", number++);
    MakeForeign(path, {kFamilies.begin(), kFamilies.begin() + static_cast<ptrdiff_t>(made)}, false);
    CAIRN_EXPECT_ERROR(Store::Open({.path = path, .read_only = true}), Code::kNotFound,
                       "no cairn database");
    auto store = Store::Open({.path = path});
    CAIRN_ASSERT_OK(store);
    Batch batch;
    batch.Put(Family::kChangeLog, "key", "value");
    CAIRN_EXPECT_OK((*store)->Commit(batch, Durability::kSync));
  }
}

/// A small file system, for as long as the object lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=32m") == 0;
    error_ = errno;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const char* why_not() const { return std::strerror(error_); }

 private:
  const std::string path_;
  bool mounted_ = false;
  int error_ = 0;
};

TEST_F(StoreFaultTest, AFullDiskFailsTheCommitKeepsTheRestAndHeals) {
  SmallDisk disk(dir_ / "small");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs here: " << disk.why_not();
  std::string path = dir_ / "small/db";
  std::string ballast = dir_ / "small/ballast";
  WriteFile(ballast, std::string(27 << 20, 'x'));
  unsigned committed = 0;
  {
    auto store = Store::Open({.path = path, .memory_bytes = 4 << 20});
    CAIRN_ASSERT_OK(store);
    auto put = [&](unsigned i) {
      Batch batch;
      batch.Put(Family::kDocuments, StrCat("doc", i), Noise(20'000, i));
      return (*store)->Commit(batch, i % 2 == 0 ? Durability::kSync : Durability::kAsync);
    };
    Status status;
    while (committed < 1000 && (status = put(committed)).ok()) ++committed;
    ASSERT_LT(committed, 1000u);
    ASSERT_GT(committed, 10u);
    CAIRN_EXPECT_ERROR(status, Code::kResourceExhausted, "disk full");
    CAIRN_EXPECT_ERROR(put(committed), Code::kResourceExhausted, "disk full");
    for (unsigned i = 0; i < committed; ++i) {
      auto value = (*store)->Get(Family::kDocuments, StrCat("doc", i));
      ASSERT_TRUE(value.ok()) << i << " of " << committed << ": " << value.status();
      ASSERT_EQ(*value, Noise(20'000, i));
    }
    fs::remove(ballast);
    CAIRN_EXPECT_OK(put(committed));
    CAIRN_EXPECT_OK(put(committed + 1));
    CAIRN_EXPECT_OK((*store)->Sync());
    CAIRN_EXPECT_OK((*store)->Close());
  }
  auto store = Store::Open({.path = path});
  CAIRN_ASSERT_OK(store);
  for (unsigned i = 0; i < committed + 2; ++i) {
    auto value = (*store)->Get(Family::kDocuments, StrCat("doc", i));
    ASSERT_TRUE(value.ok()) << i << " of " << committed << ": " << value.status();
    ASSERT_EQ(*value, Noise(20'000, i));
  }
}

TEST_F(StoreFaultTest, NoRoomForANewDatabaseIsAPlainFailure) {
  SmallDisk disk(dir_ / "small");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs here: " << disk.why_not();
  std::string ballast = dir_ / "small/ballast";
  WriteFile(ballast, std::string(32 << 20, 'x'));
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "small/db"}), Code::kResourceExhausted, "");
  fs::remove(ballast);
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "small/db"}));
}

}  // namespace
}  // namespace cairn::storage
