// The vector indexes of a database are kept in files: opening does not read the vectors again, and
// whatever happens to the files, the answers are those of the store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "base/bytes.h"
#include "base/mutex.h"
#include "db/database.h"
#include "observe/log.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"
#include "unit/db/support.h"
#include "vector/index_manifest.h"

namespace cairn::db {
namespace {

namespace fs = std::filesystem;
namespace keys = storage::keys;
using storage::Family;
using test::Must;

constexpr uint32_t kDim = 8;
constexpr int kCount = 2600;  // enough for a graph

/// Keeps the warnings and errors.
class Warnings final : public LogSink {
 public:
  bool Enabled(LogLevel level) const override { return level >= LogLevel::kWarning; }
  void Write(LogLevel, std::string_view component, std::string_view message) override {
    if (component != "db") return;
    MutexLock lock(mutex_);
    lines_.emplace_back(message);
  }
  std::vector<std::string> Take() {
    MutexLock lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  Mutex mutex_;
  std::vector<std::string> lines_;
};

class VectorFilesTest : public ::testing::Test {
 protected:
  /// A database whose index is in a file.
  struct Made {
    test::TempDir dir;
    std::map<std::string, std::vector<float>> model;
    std::mt19937 random;
  };

  /// What every test begins with is made once.
  static void SetUpTestSuite() {
    made_ = new Made;
    struct Maker : VectorFilesTest {
      void TestBody() override {}
      using VectorFilesTest::Make;
    };
    Maker().Make(made_);
  }
  static void TearDownTestSuite() { delete std::exchange(made_, nullptr); }

  void SetUp() override {
    fs::copy(made_->dir / "db", dir_ / "db", fs::copy_options::recursive);
    model_ = made_->model;
    random_ = made_->random;
    Open();
    ASSERT_EQ(Files().size(), 1u);
    ExpectModel();
    CAIRN_ASSERT_OK(db_->WaitIdle(-1));
  }
  void Make(Made* made) {
    Open();
    vectors_ = Must(db_->CreateCollection("v", test::WithVectors(kDim, vector::Metric::kL2)));
    for (int id = 0; id < kCount; ++id) Put(id);
    Flush();
    CAIRN_ASSERT_OK(db_->WaitIdle(-1));
    ASSERT_TRUE(Files().empty()) << "nobody has searched yet";
    ExpectModel();
    CAIRN_ASSERT_OK(db_->WaitIdle(-1));
    ASSERT_EQ(Files().size(), 1u);
    Close();
    fs::copy(dir_ / "db", made->dir / "db", fs::copy_options::recursive);
    made->model = model_;
    made->random = random_;
  }

  void Open(bool read_only = false) {
    DatabaseOptions options;
    options.path = dir_ / "db";
    options.read_only = read_only;
    options.durability = storage::Durability::kAsync;
    options.thread_count = 2;
    options.log = log_;
    db_ = Must(Database::Open(options));
    auto opened = db_->OpenCollection("v", nullptr);
    if (opened.ok()) vectors_ = std::move(opened).value();
  }
  void Close() {
    CAIRN_EXPECT_OK(db_->Close());
    vectors_.reset();
    db_.reset();
  }
  void Reopen(bool read_only = false) {
    Close();
    Open(read_only);
  }

  static std::string Id(int id) { return StrCat("doc-", id); }
  void Put(int id) {
    std::vector<float> vector(kDim);
    for (float& x : vector) x = static_cast<float>(random_() % 60);
    model_[Id(id)] = vector;
    waiting_.push_back(Id(id));
    if (waiting_.size() == 200) Flush();
  }
  void Flush() {
    std::vector<DocumentInput> inputs;
    for (const std::string& id : waiting_) {
      inputs.push_back(test::Note(id, "", ""));
      inputs.back().vectors = model_[id].data();
      inputs.back().vector_count = 1;
      inputs.back().dim = kDim;
    }
    if (!inputs.empty()) CAIRN_EXPECT_OK(vectors_->Upsert(inputs));
    waiting_.clear();
  }
  void Delete(int id) {
    CAIRN_EXPECT_OK(vectors_->Delete(Id(id)));
    model_.erase(Id(id));
  }

  using Hits = std::vector<std::pair<float, std::string>>;
  Hits Expected(const std::vector<float>& query) const {
    Hits hits;
    for (const auto& [id, vector] : model_) {
      float score = 0;
      for (uint32_t d = 0; d < kDim; ++d) score -= (vector[d] - query[d]) * (vector[d] - query[d]);
      hits.emplace_back(score, id);
    }
    std::sort(hits.begin(), hits.end());
    return hits;
  }
  /// All there is, which is found exactly, against the model.
  void ExpectModel() {
    std::vector<float> query(kDim, 30);
    auto lists = Must(vectors_->SearchVectors(query, kDim, model_.size() + 10, ""));
    Hits hits;
    for (const auto& hit : lists[0]) hits.emplace_back(hit.score, Must(vectors_->IdOf(hit.doc)));
    std::sort(hits.begin(), hits.end());
    ASSERT_EQ(hits.size(), model_.size());
    EXPECT_TRUE(hits == Expected(query));
  }
  /// How often an index was opened since the database was, from "files" or from the "store".
  int Loads(std::string_view source) const {
    std::string metrics = db_->Metrics();
    std::string name = StrCat("cairn_vector_index_loads_total{source=\"", source, "\"} ");
    size_t at = metrics.find(name);
    return at == std::string::npos ? 0 : std::atoi(metrics.c_str() + at + name.size());
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dir_ / "db/segments", error)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  std::string OnlyFile() const { return StrCat(dir_ / "db/segments/", Files().at(0)); }
  void FlipInFile(int64_t from_end) const {
    std::fstream file(OnlyFile(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(-from_end, std::ios::end);
    char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(-from_end, std::ios::end).put(byte);
  }
  /// Changes the store behind the database's back.
  template <typename Change>
  void InStore(const Change& change) {
    Close();
    storage::StoreOptions options;
    options.path = dir_ / "db";
    auto store = Must(storage::Store::Open(options));
    storage::Batch batch;
    change(*store, &batch);
    CAIRN_ASSERT_OK(store->Commit(batch, storage::Durability::kSync));
    CAIRN_ASSERT_OK(store->Close());
    store.reset();
    Open();
  }
  static std::string ManifestKey() { return keys::IndexManifest(CollectionId{1}, 0); }
  vector::IndexManifest Manifest() {
    std::string bytes;
    InStore([&bytes](storage::Store& store, storage::Batch*) {
      bytes = Must(store.Get(Family::kManifest, ManifestKey()));
    });
    return Must(vector::IndexManifest::Decode(bytes));
  }

  void ExpectFromFiles() {
    ExpectModel();
    EXPECT_EQ(Loads("files"), 1);
    EXPECT_EQ(Loads("store"), 0);
    EXPECT_THAT(log_->Take(), testing::IsEmpty());
  }
  /// Told once, and after that the files are good again.
  void ExpectRebuilt(std::string_view why) {
    ExpectModel();
    CAIRN_EXPECT_OK(db_->WaitIdle(-1));
    ExpectModel();
    EXPECT_EQ(Loads("store"), 1);
    EXPECT_THAT(log_->Take(), testing::ElementsAre(testing::HasSubstr(std::string(why))));
    Reopen();
    ExpectFromFiles();
  }

  static inline Made* made_ = nullptr;
  test::TempDir dir_;
  std::shared_ptr<Warnings> log_ = std::make_shared<Warnings>();
  std::mt19937 random_{3};
  std::map<std::string, std::vector<float>> model_;
  std::vector<std::string> waiting_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> vectors_;
};

TEST_F(VectorFilesTest, OpeningReadsTheFilesAndNotTheVectors) {
  Reopen();
  ExpectFromFiles();
  CAIRN_EXPECT_OK(db_->WaitIdle(-1));
  ExpectModel();
  EXPECT_EQ(Must(vectors_->Stats()).vector_count, static_cast<uint64_t>(kCount));
  EXPECT_GE(Must(db_->Stats()).disk_bytes, fs::file_size(OnlyFile()));
  // The same without the vectors in the store: it is really not read.
  InStore([](storage::Store&, storage::Batch* batch) {
    batch->DeletePrefix(Family::kVectors, keys::VectorCollectionPrefix(CollectionId{1}));
  });
  ExpectFromFiles();
}

TEST_F(VectorFilesTest, ChangesSinceTheFilesAreRepeated) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 60; ++i) Put(static_cast<int>(random_() % (kCount + 100)));
    Flush();
    for (int i = 0; i < 30; ++i) {
      int id = static_cast<int>(random_() % kCount);
      if (model_.count(Id(id)) > 0) Delete(id);
    }
    Reopen();
    ExpectFromFiles();
    if (round == 3) CAIRN_EXPECT_OK(db_->WaitIdle(-1));
  }
}

TEST_F(VectorFilesTest, ManyChangesMoveTheFilesOn) {
  uint64_t before = Manifest().position;
  ExpectModel();
  for (int id = 0; id < 2 * kCount; ++id) Put(id);
  Flush();
  CAIRN_EXPECT_OK(db_->WaitIdle(-1));
  vector::IndexManifest manifest = Manifest();
  EXPECT_GT(manifest.position, before + kCount);
  EXPECT_EQ(Files().size(), manifest.files.size());
  ExpectFromFiles();
}

TEST_F(VectorFilesTest, ChangesThatNoSearchSawAreRepeated) {
  Reopen();
  for (int id = 100; id < 200; ++id) Delete(id);
  for (int id = 200; id < 300; ++id) Put(id);
  Flush();
  Reopen();
  ExpectFromFiles();
}

TEST_F(VectorFilesTest, ADamagedHeaderIsFoundAtOnce) {
  Close();
  FlipInFile(static_cast<int64_t>(fs::file_size(OnlyFile())) - 30);
  Open();
  ExpectRebuilt("damaged");
}

TEST_F(VectorFilesTest, DamagedVectorsAreFoundInTheBackground) {
  Close();
  FlipInFile(40);
  Open();
  std::vector<float> query(kDim, 30);
  Must(vectors_->SearchVectors(query, kDim, 5, ""));
  CAIRN_EXPECT_OK(db_->WaitIdle(-1));
  ExpectRebuilt("damaged");
}

TEST_F(VectorFilesTest, AFileCutShortIsFound) {
  Close();
  fs::resize_file(OnlyFile(), fs::file_size(OnlyFile()) / 2);
  Open();
  ExpectRebuilt("cut short");
}

TEST_F(VectorFilesTest, AMissingFileIsMadeAgain) {
  Close();
  fs::remove(OnlyFile());
  Open();
  ExpectRebuilt("is built anew");
}

TEST_F(VectorFilesTest, AMissingFolderIsMadeAgain) {
  Close();
  fs::remove_all(dir_ / "db/segments");
  Open();
  ExpectRebuilt("is built anew");
}

TEST_F(VectorFilesTest, AManifestOfANewerReleaseIsDerivedDataToo) {
  InStore([](storage::Store&, storage::Batch* batch) {
    batch->Put(Family::kManifest, ManifestKey(), "\x02 who knows");
  });
  ExpectRebuilt("format 2");
}

TEST_F(VectorFilesTest, ADamagedManifestIsMadeAgain) {
  InStore([](storage::Store&, storage::Batch* batch) {
    batch->Put(Family::kManifest, ManifestKey(), "\x01\x01\xff");
  });
  ExpectRebuilt("manifest");
}

TEST_F(VectorFilesTest, AManifestAheadOfTheStoreIsNotTrusted) {
  vector::IndexManifest manifest = Manifest();
  manifest.position += 1;
  InStore([&manifest](storage::Store&, storage::Batch* batch) {
    batch->Put(Family::kManifest, ManifestKey(), manifest.Encode());
  });
  ExpectRebuilt("is of change");
}

TEST_F(VectorFilesTest, ALogThatDoesNotReachBackMeansBuildingAnew) {
  Reopen();
  for (int id = 0; id < 50; ++id) Delete(id);
  InStore([](storage::Store&, storage::Batch* batch) {
    batch->Delete(Family::kChangeLog, keys::Change(kCount + 10));
  });
  ExpectRebuilt("does not reach back");
}

TEST_F(VectorFilesTest, ChangesOfAnEarlierReleaseAreNotTrusted) {
  Reopen();
  for (int id = 0; id < 5; ++id) Put(id);
  Flush();
  InStore([](storage::Store& store, storage::Batch* batch) {
    std::string key = keys::Change(kCount + 4);
    auto change = Must(storage::ChangeRecord::Decode(Must(store.Get(Family::kChangeLog, key))));
    change.previous.reset();
    batch->Put(Family::kChangeLog, key, change.Encode());
  });
  ExpectRebuilt("does not lead");
}

TEST_F(VectorFilesTest, AQuietCollectionNeedsNoLog) {
  auto other = Must(db_->CreateCollection("other", {}));
  for (int i = 0; i < 20; ++i) {
    auto note = test::Note("n", "title", "body");
    CAIRN_ASSERT_OK(other->Upsert({&note, 1}));
  }
  other.reset();
  InStore([](storage::Store&, storage::Batch* batch) {
    for (uint64_t at = 1; at < kCount + 10; ++at)
      batch->Delete(Family::kChangeLog, keys::Change(at));
  });
  ExpectFromFiles();
}

TEST_F(VectorFilesTest, DroppingRemovesTheFiles) {
  vectors_.reset();
  CAIRN_ASSERT_OK(db_->DropCollection("v"));
  EXPECT_TRUE(Files().empty());
  InStore([](storage::Store& store, storage::Batch*) {
    EXPECT_EQ(store.Get(Family::kManifest, ManifestKey()).status().code(), Code::kNotFound);
  });
}

TEST_F(VectorFilesTest, WhatACrashLeftIsRemoved) {
  Close();
  fs::path folder = dir_ / "db/segments";
  for (const char* name : {"c7-g0-1.seg", "c1-g3-1.seg", "c1-g0-900.seg", "c1-g0-901.seg.tmp"}) {
    std::ofstream(folder / name) << "left";
  }
  Open();
  ExpectFromFiles();
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(VectorFilesTest, AReaderUsesTheFilesAndFollows) {
  DatabaseOptions options;
  options.path = dir_ / "db";
  options.read_only = true;
  auto writer = std::move(db_);
  auto writing = std::move(vectors_);
  Open(true);
  ExpectFromFiles();
  auto files = Files();
  auto reader = std::move(db_);
  auto reading = std::move(vectors_);
  for (int round = 0; round < 3; ++round) {
    vectors_ = std::move(writing);
    for (int id = 0; id < 40; ++id) Put(static_cast<int>(random_() % (kCount + 200)));
    Flush();
    CAIRN_EXPECT_OK(writer->WaitIdle(-1));
    writing = std::move(vectors_);
    vectors_ = std::move(reading);
    CAIRN_EXPECT_OK(reader->Refresh());
    ExpectModel();
    CAIRN_EXPECT_OK(reader->WaitIdle(-1));
    reading = std::move(vectors_);
  }
  EXPECT_EQ(Files(), files);
  db_ = std::move(reader);
  EXPECT_EQ(Loads("files"), 1) << "it followed the log";
  EXPECT_EQ(Loads("store"), 0);
  db_.reset();
  reading.reset();
}

TEST_F(VectorFilesTest, AReaderWhoseFileIsGoneReadsTheStore) {
  auto writer = std::move(db_);
  auto writing = std::move(vectors_);
  Open(true);
  fs::rename(OnlyFile(), dir_ / "elsewhere");
  ExpectModel();
  EXPECT_EQ(Loads("store"), 1);
  EXPECT_EQ(log_->Take().size(), 1u);
  EXPECT_TRUE(Files().empty());
  vectors_.reset();
  db_.reset();
}

TEST_F(VectorFilesTest, PagesJoinToTheWholeList) {
  query::SearchRequest request;
  request.mode = query::Mode::kVector;
  std::vector<float> query(kDim, 25);
  request.vector = query;
  request.filter_json = "";
  for (uint32_t limit : {10u, 37u}) {
    request.limit = limit;
    std::vector<std::string> all;
    for (request.offset = 0; request.offset < 400; request.offset += limit) {
      auto response = Must(vectors_->Search(request));
      EXPECT_EQ(response.total, static_cast<uint64_t>(kCount));
      EXPECT_EQ(response.results.size(), limit);
      for (const auto& result : response.results) all.push_back(result.id);
    }
    std::sort(all.begin(), all.end());
    EXPECT_TRUE(std::adjacent_find(all.begin(), all.end()) == all.end()) << "twice in the pages";
    // Nothing among the nearest is left out.
    Hits nearest = Expected(query);
    std::reverse(nearest.begin(), nearest.end());
    for (size_t i = 0; i < 300; ++i) {
      EXPECT_TRUE(std::binary_search(all.begin(), all.end(), nearest[i].second)) << i;
    }
  }
}

TEST_F(VectorFilesTest, FilteredSearchesCountWhatMatches) {
  for (int id = 0; id < 300; ++id) {
    std::string name = Id(id);
    auto note = test::Note(name, "", "");
    note.type = "marked";
    note.vectors = model_[name].data();
    note.vector_count = 1;
    note.dim = kDim;
    CAIRN_ASSERT_OK(vectors_->Upsert({&note, 1}));
  }
  query::SearchRequest request;
  request.mode = query::Mode::kVector;
  std::vector<float> query(kDim, 25);
  request.vector = query;
  request.filter_json = R"({"type": "marked"})";
  auto response = Must(vectors_->Search(request));
  EXPECT_EQ(response.total, 300u);
  EXPECT_EQ(response.results.size(), 10u);
  EXPECT_TRUE(response.has_more);
}

}  // namespace
}  // namespace cairn::db
