// A segmented index that is kept in files: published, opened again, damaged, in the way.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "base/mutex.h"
#include "base/thread_pool.h"
#include "support/matchers.h"
#include "support/temp_dir.h"
#include "vector/document_filter.h"
#include "vector/vector_index.h"

namespace cairn::vector {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kDim = 6;
constexpr uint64_t kRows = 2500;

/// A host: keeps the manifest and what the index reports.
class SegmentedFilesTest : public ::testing::Test {
 protected:
  VectorIndexOptions Options() {
    VectorIndexOptions options;
    options.dim = kDim;
    options.metric = Metric::kL2;
    options.pool = &pool_;
    options.directory = folder_.path();
    options.file_prefix = "c1-g0-";
    options.publish = [this](const IndexManifest& manifest) {
      MutexLock lock(mutex_);
      ++published_;
      if (!publish_outcome_.ok()) return publish_outcome_;
      manifest_ = manifest;
      return OkStatus();
    };
    options.damaged = [this](const Status& status) {
      MutexLock lock(mutex_);
      damage_.push_back(status);
    };
    options.failed = [this](const Status& status) {
      MutexLock lock(mutex_);
      failures_.push_back(status);
    };
    return options;
  }
  Result<std::unique_ptr<VectorIndex>> Open() {
    std::optional<IndexManifest> manifest;
    {
      MutexLock lock(mutex_);
      manifest = manifest_;
    }
    return MakeSegmentedIndex(Options(), manifest ? &*manifest : nullptr);
  }
  void Make() {
    auto made = Open();
    CAIRN_ASSERT_OK(made);
    index_ = std::move(made).value();
  }

  void Add(uint64_t doc) {
    std::vector<float> vector(kDim);
    for (float& x : vector) x = static_cast<float>(random_() % 50);
    CAIRN_ASSERT_OK(index_->Add(DocNo{doc}, vector.data(), 1));
    model_[doc] = vector;
    index_->SetPosition(++position_);
  }
  void Remove(uint64_t doc) {
    index_->Remove(DocNo{doc});
    model_.erase(doc);
    index_->SetPosition(++position_);
  }
  void Fill(uint64_t rows) {
    for (uint64_t doc = 1; doc <= rows; ++doc) Add(doc);
  }
  void Settle() { CAIRN_ASSERT_OK(index_->WaitIdle(-1)); }

  /// All there is, by exact search.
  void ExpectModel() {
    std::vector<float> query(kDim, 20);
    SearchOptions options;
    options.k = model_.size() + 10;
    options.target_recall = 1;
    std::vector<std::vector<VectorHit>> hits;
    VectorViewPtr view = index_->View();
    CAIRN_ASSERT_OK(view->Search(query.data(), 1, options, &hits));
    EXPECT_EQ(view->size(), model_.size());
    EXPECT_EQ(view->document_count(), model_.size());
    ASSERT_EQ(hits[0].size(), model_.size());
    for (const VectorHit& hit : hits[0]) {
      auto it = model_.find(ToInt(hit.chunk.doc));
      ASSERT_NE(it, model_.end()) << "a ghost: " << ToInt(hit.chunk.doc);
      float expected = 0;
      for (float x : it->second) expected -= (x - 20) * (x - 20);
      ASSERT_EQ(hit.score, expected);
    }
  }

  std::set<std::string> Files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::set<std::string> Named() {
    MutexLock lock(mutex_);
    std::set<std::string> names;
    if (manifest_) {
      for (const auto& file : manifest_->files) names.insert(file.name);
    }
    return names;
  }
  std::string OnlyFile() {
    auto names = Named();
    EXPECT_EQ(names.size(), 1u);
    return names.empty() ? "" : folder_ / *names.begin();
  }
  void Flip(const std::string& path, int64_t from_end) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(-from_end, std::ios::end);
    char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(-from_end, std::ios::end).put(byte);
  }

  test::TempDir folder_;
  ThreadPool pool_{1};
  std::mt19937 random_{5};
  std::map<uint64_t, std::vector<float>> model_;
  uint64_t position_ = 0;
  Mutex mutex_;
  std::optional<IndexManifest> manifest_;
  Status publish_outcome_;
  int published_ = 0;
  std::vector<Status> damage_;
  std::vector<Status> failures_;
  std::unique_ptr<VectorIndex> index_;
};

TEST_F(SegmentedFilesTest, AQuietIndexIsInFilesAndOpensFromThem) {
  Make();
  Fill(kRows);
  Settle();
  ASSERT_TRUE(manifest_.has_value());
  EXPECT_EQ(manifest_->position, position_);
  EXPECT_EQ(Files(), Named());
  index_.reset();
  Make();
  ExpectModel();
  Settle();
  ExpectModel();
  EXPECT_TRUE(damage_.empty());
  EXPECT_EQ(Files(), Named());
}

TEST_F(SegmentedFilesTest, FewRowsNeedNoFile) {
  Make();
  Fill(100);
  Settle();
  EXPECT_TRUE(Files().empty());
  EXPECT_EQ(published_, 0);
}

TEST_F(SegmentedFilesTest, NothingIsPublishedWithoutAPosition) {
  Make();
  std::vector<float> vector(kDim, 1);
  for (uint64_t doc = 1; doc <= kRows; ++doc) {
    CAIRN_ASSERT_OK(index_->Add(DocNo{doc}, vector.data(), 1));
  }
  Settle();
  EXPECT_EQ(published_, 0);
  index_->SetPosition(9);
  Settle();
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(manifest_->position, 9u);
}

TEST_F(SegmentedFilesTest, DeletedRowsStayDeleted) {
  Make();
  Fill(kRows);
  Settle();
  for (uint64_t doc = 10; doc < 60; ++doc) Remove(doc);
  Settle();
  ASSERT_EQ(manifest_->files.size(), 1u);
  EXPECT_EQ(manifest_->files[0].dead_rows.size(), 50u);
  EXPECT_EQ(manifest_->position, position_);
  index_.reset();
  Make();
  ExpectModel();
  // And can be removed again.
  for (uint64_t doc = 10; doc < 60; ++doc) index_->Remove(DocNo{doc});
  ExpectModel();
}

TEST_F(SegmentedFilesTest, AManifestHoldsEverythingUpToItsPosition) {
  Make();
  // What each change added (+) or removed (-).
  std::vector<int64_t> changes = {0};
  uint64_t next = 1;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 900; ++i) {
      if (random_() % 4 == 0 && !model_.empty()) {
        uint64_t doc = std::next(model_.begin(), random_() % model_.size())->first;
        Remove(doc);
        changes.push_back(-static_cast<int64_t>(doc));
      } else {
        Add(next);
        changes.push_back(static_cast<int64_t>(next++));
      }
    }
    if (round % 3 == 2) Settle();
    index_.reset();
    Make();
    uint64_t from = manifest_ ? manifest_->position : 0;
    for (size_t at = from + 1; at < changes.size(); ++at) {
      auto doc = static_cast<uint64_t>(std::abs(changes[at]));
      if (changes[at] < 0) {
        index_->Remove(DocNo{doc});
      } else if (model_.count(doc) > 0) {
        Status added = index_->Add(DocNo{doc}, model_[doc].data(), 1);
        EXPECT_TRUE(added.ok() || added.code() == Code::kAlreadyExists) << added;
      }
    }
    index_->SetPosition(position_);
    ExpectModel();
  }
  Settle();
  ExpectModel();
  EXPECT_EQ(Files(), Named());
  EXPECT_TRUE(failures_.empty());
}

TEST_F(SegmentedFilesTest, AnIndexThatWasEmptiedSaysSo) {
  Make();
  Fill(kRows);
  Settle();
  for (uint64_t doc = 1; doc <= kRows; ++doc) Remove(doc);
  Settle();
  EXPECT_TRUE(manifest_->files.empty());
  EXPECT_TRUE(Files().empty());
  index_.reset();
  Make();
  EXPECT_EQ(index_->View()->size(), 0u);
}

TEST_F(SegmentedFilesTest, OtherFilesOfTheIndexGoAndThoseOfOthersStay) {
  folder_.Write("c1-g0-41.seg", "a leftover");
  folder_.Write("c1-g0-40.seg.tmp", "half a leftover");
  folder_.Write("c1-g01-1.seg", "another's");
  folder_.Write("c11-g0-1.seg", "another's");
  folder_.Write("c1-g0-x.seg", "something else");
  Make();
  EXPECT_EQ(Files(), (std::set<std::string>{"c1-g01-1.seg", "c11-g0-1.seg", "c1-g0-x.seg"}));
  Fill(kRows);
  Settle();
  EXPECT_EQ(Named(), (std::set<std::string>{"c1-g0-42.seg"})) << "a number is never used twice";
}

TEST_F(SegmentedFilesTest, AReaderLeavesTheFilesAlone) {
  Make();
  Fill(kRows);
  Settle();
  index_.reset();
  folder_.Write("c1-g0-99.seg", "the writer is at it");
  auto before = Files();
  VectorIndexOptions options = Options();
  options.read_only = true;
  auto reader = MakeSegmentedIndex(options, &*manifest_);
  CAIRN_ASSERT_OK(reader);
  index_ = std::move(reader).value();
  for (uint64_t doc = kRows + 1; doc < 2 * kRows; ++doc) Add(doc);
  Settle();
  ExpectModel();
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(Files(), before);
}

TEST_F(SegmentedFilesTest, AReaderKeepsAFileThatTheWriterReplaced) {
  Make();
  Fill(kRows);
  Settle();
  index_.reset();
  VectorIndexOptions options = Options();
  options.read_only = true;
  options.pool = nullptr;  // so that the file is gone before it is checked
  auto reader = MakeSegmentedIndex(options, &*manifest_);
  CAIRN_ASSERT_OK(reader);
  fs::remove(OnlyFile());
  index_ = std::move(reader).value();
  Settle();
  ExpectModel();
  EXPECT_TRUE(damage_.empty());
}

TEST_F(SegmentedFilesTest, WhatIsMissingOrDoesNotFitIsRefused) {
  Make();
  Fill(kRows);
  Settle();
  index_.reset();
  IndexManifest good = *manifest_;
  manifest_->files[0].rows -= 1;
  CAIRN_EXPECT_ERROR(Open(), Code::kDataLoss, "rows instead of");
  manifest_ = good;
  manifest_->files[0].name = "c1-g0-77.seg";
  CAIRN_EXPECT_ERROR(Open(), Code::kNotFound, "c1-g0-77.seg");
  manifest_ = good;
  VectorIndexOptions other = Options();
  other.dim = kDim + 1;
  CAIRN_EXPECT_ERROR(MakeSegmentedIndex(other, &good), Code::kFailedPrecondition, "dimension");
  Make();  // nothing was deleted
  ExpectModel();
  index_.reset();
  Flip(OnlyFile(), static_cast<int64_t>(fs::file_size(OnlyFile())) - 20);  // in the header
  CAIRN_EXPECT_ERROR(Open(), Code::kDataLoss, "damaged");
}

TEST_F(SegmentedFilesTest, DamageThatOnlyTheCheckFindsIsReportedOnce) {
  Make();
  Fill(kRows);
  Settle();
  index_.reset();
  Flip(OnlyFile(), 100);  // in the vectors
  auto before = Files();
  Make();
  Settle();
  Settle();
  ASSERT_EQ(damage_.size(), 1u);
  CAIRN_EXPECT_ERROR(damage_[0], Code::kDataLoss, "vectors");
  // It is not carried over into another file.
  for (uint64_t doc = kRows + 1; doc < 2 * kRows; ++doc) Add(doc);
  Settle();
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(Files(), before);
}

TEST_F(SegmentedFilesTest, AFailureToPublishDeletesNothing) {
  Make();
  Fill(kRows);
  Settle();
  std::string first = OnlyFile();
  publish_outcome_ = Status(Code::kIoError, "no room");
  for (uint64_t doc = kRows + 1; doc <= 3 * kRows; ++doc) Add(doc);
  index_->WaitIdle(-1).IgnoreError("what failed was reported");
  EXPECT_TRUE(fs::exists(first));
  ASSERT_FALSE(failures_.empty());
  CAIRN_EXPECT_ERROR(failures_[0], Code::kIoError, "no room");
  ExpectModel();
  index_.reset();
  publish_outcome_ = OkStatus();
  Make();
  EXPECT_EQ(Files(), Named());
  EXPECT_EQ(index_->View()->size(), kRows);
}

TEST_F(SegmentedFilesTest, AFolderThatCannotBeWrittenCostsOnlyTheFiles) {
  Make();
  fs::remove_all(folder_.path());
  Fill(kRows);
  index_->WaitIdle(-1).IgnoreError("what failed was reported");
  ExpectModel();
  EXPECT_EQ(published_, 0);
  EXPECT_EQ(failures_.size(), 1u);
  fs::create_directory(folder_.path());
}

TEST_F(SegmentedFilesTest, StopDoesNotWaitForAJobThatHasNotBegun) {
  Mutex hold;
  hold.Lock();
  pool_.Schedule([&hold] { MutexLock lock(hold); });
  Make();
  Fill(kRows);  // a job waits for the pool's only thread
  index_->Stop();
  index_.reset();
  hold.Unlock();
  pool_.WaitIdle();
  EXPECT_EQ(published_, 0);
}

TEST_F(SegmentedFilesTest, AStoppedIndexIsSearchedAndChanged) {
  Make();
  Fill(kRows);
  index_->Stop();
  int published = published_;
  for (uint64_t doc = kRows + 1; doc <= 2 * kRows; ++doc) Add(doc);
  Remove(3);
  Settle();
  ExpectModel();
  EXPECT_EQ(published_, published);
}

TEST_F(SegmentedFilesTest, MatchingDocumentsAreCountedInAllParts) {
  Make();
  std::vector<float> two(2 * kDim, 1);
  Fill(kRows);
  Settle();
  for (uint64_t doc = kRows + 1; doc <= kRows + 100; ++doc) {
    CAIRN_ASSERT_OK(index_->Add(DocNo{doc}, two.data(), 2));
  }
  index_->Remove(DocNo{10});
  index_->Remove(DocNo{kRows + 10});
  for (int settled = 0; settled < 2; ++settled) {
    std::vector<DocNo> some;
    for (uint64_t doc = 1; doc <= 20; ++doc) {
      some.push_back(DocNo{doc});
      some.push_back(DocNo{kRows + doc});
      some.push_back(DocNo{900'000 + doc});
    }
    DocumentFilter filter(some);
    EXPECT_EQ(index_->View()->CountDocuments(filter), 38u);
    EXPECT_EQ(index_->View()->CountDocuments(DocumentFilter(Bitmap())), 0u);
    Settle();
  }
}

}  // namespace
}  // namespace cairn::vector
