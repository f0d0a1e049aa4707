#include "storage/store.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    store_.reset();
    StoreOptions options;
    options.path = dir_ / "db";
    auto opened = Store::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = std::move(opened).value();
  }

  void Put(std::string_view key, std::string_view value, Family family = Family::kDocuments) {
    Batch batch;
    batch.Put(family, key, value);
    CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kAsync));
  }

  std::string Get(std::string_view key, const SnapshotPtr& at = nullptr,
                  Family family = Family::kDocuments) {
    auto value = store_->Get(family, key, at);
    if (!value.ok()) return StrCat("<", CodeName(value.status().code()), ">");
    return *value;
  }

  Entries ScanAll(std::string_view prefix, const SnapshotPtr& at = nullptr,
                  Family family = Family::kDocuments) {
    Entries found;
    auto it = store_->Scan(family, prefix, at);
    for (; it->Valid(); it->Next()) found.emplace_back(it->key(), it->value());
    CAIRN_EXPECT_OK(it->status());
    return found;
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, AnAbsentKeyIsNotFound) {
  CAIRN_EXPECT_ERROR(store_->Get(Family::kDocuments, "nothing"), Code::kNotFound, "documents");
  EXPECT_TRUE(ScanAll("nothing").empty());
  EXPECT_TRUE(ScanAll("").empty());
}

TEST_F(StoreTest, AnyBytesAreKeptInTheirFamily) {
  std::string key("k\0\xff", 3);
  std::string value("v\0\n\xff", 4);
  Put(key, value);
  Put(key, "other family", Family::kChunks);
  Put("empty", "");
  EXPECT_EQ(Get(key), value);
  EXPECT_EQ(Get(key, nullptr, Family::kChunks), "other family");
  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(Get(key, nullptr, Family::kVectors), "<not_found>");
}

TEST_F(StoreTest, EveryFamilyWorksAndSurvivesReopening) {
  for (size_t i = 0; i < kFamilyCount; ++i) {
    Put("key", std::to_string(i), static_cast<Family>(i));
  }
  CAIRN_ASSERT_OK(store_->Close());
  Open();
  for (size_t i = 0; i < kFamilyCount; ++i) {
    EXPECT_EQ(Get("key", nullptr, static_cast<Family>(i)), std::to_string(i));
  }
}

TEST_F(StoreTest, ALaterChangeOfABatchWins) {
  Batch batch;
  batch.Put(Family::kDocuments, "a", "1");
  batch.Put(Family::kDocuments, "a", "2");
  batch.Put(Family::kDocuments, "b", "1");
  batch.Delete(Family::kDocuments, "b");
  batch.Delete(Family::kDocuments, "c");
  batch.Put(Family::kDocuments, "c", "1");
  CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kSync));
  EXPECT_EQ(Get("a"), "2");
  EXPECT_EQ(Get("b"), "<not_found>");
  EXPECT_EQ(Get("c"), "1");
}

TEST_F(StoreTest, ABatchCanBeCommittedAgainClearedAndMoved) {
  Batch batch;
  EXPECT_TRUE(batch.empty());
  CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kSync));
  batch.Put(Family::kDocuments, "a", "1");
  EXPECT_FALSE(batch.empty());
  EXPECT_GE(batch.byte_size(), 2u);
  CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
  CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
  Batch moved = std::move(batch);
  EXPECT_FALSE(moved.empty());
  batch.Put(Family::kDocuments, "b", "1");  // NOLINT(bugprone-use-after-move): meant to work
  CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
  moved.Clear();
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(ScanAll(""), (Entries{{"a", "1"}, {"b", "1"}}));
}

TEST_F(StoreTest, AScanYieldsExactlyThePrefixInByteOrder) {
  for (const char* key : {"a", "b", "ba", "bb", "b\xff", "b\xff\xff", "c", "B", ""}) Put(key, key);
  EXPECT_EQ(
      ScanAll("b"),
      (Entries{
          {"b", "b"}, {"ba", "ba"}, {"bb", "bb"}, {"b\xff", "b\xff"}, {"b\xff\xff", "b\xff\xff"}}));
  EXPECT_EQ(ScanAll("b\xff").size(), 2u);
  EXPECT_EQ(ScanAll("").size(), 9u);
  EXPECT_TRUE(ScanAll("\xff").empty());
}

TEST_F(StoreTest, APrefixOfAllOnesHasNoEnd) {
  Put("\xff\xff", "1");
  Put("\xff\xff\xff", "2");
  Put("\xff\xfe", "no");
  EXPECT_EQ(ScanAll("\xff\xff").size(), 2u);
  Batch batch;
  batch.DeletePrefix(Family::kDocuments, "\xff\xff");
  CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kAsync));
  EXPECT_EQ(ScanAll(""), (Entries{{"\xff\xfe", "no"}}));
}

TEST_F(StoreTest, SeekStaysInsideThePrefix) {
  for (const char* key : {"a1", "b1", "b3", "b5", "c1"}) Put(key, "");
  auto it = store_->Scan(Family::kDocuments, "b");
  it->Seek("b2");
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->key(), "b3");
  it->Seek("a");
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->key(), "b1");
  it->Seek("b6");
  EXPECT_FALSE(it->Valid());
  it->Seek("b5");
  ASSERT_TRUE(it->Valid());
  it->Next();
  EXPECT_FALSE(it->Valid());
  CAIRN_EXPECT_OK(it->status());
}

TEST_F(StoreTest, AnIteratorSeesTheMomentItWasMade) {
  Put("a", "1");
  auto it = store_->Scan(Family::kDocuments, "");
  Put("a", "2");
  Put("b", "2");
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->value(), "1");
  it->Next();
  EXPECT_FALSE(it->Valid());
}

TEST_F(StoreTest, ASnapshotIsBlindToEverythingLater) {
  Put("a", "old");
  Put("gone", "old");
  SnapshotPtr before = store_->TakeSnapshot();
  ASSERT_NE(before, nullptr);
  Batch batch;
  batch.Put(Family::kDocuments, "a", "new");
  batch.Put(Family::kDocuments, "b", "new");
  batch.DeletePrefix(Family::kDocuments, "go");
  CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kAsync));
  EXPECT_EQ(Get("a", before), "old");
  EXPECT_EQ(Get("b", before), "<not_found>");
  EXPECT_EQ(ScanAll("", before), (Entries{{"a", "old"}, {"gone", "old"}}));
  std::vector<std::string> keys = {"a", "b", "gone"};
  auto values = store_->MultiGet(Family::kDocuments, keys, before);
  CAIRN_ASSERT_OK(values);
  EXPECT_EQ((*values)[0], "old");
  EXPECT_EQ((*values)[1], std::nullopt);
  EXPECT_EQ((*values)[2], "old");
  EXPECT_EQ(ScanAll(""), (Entries{{"a", "new"}, {"b", "new"}}));
}

TEST_F(StoreTest, MultiGetKeepsTheOrderAndMarksWhatIsAbsent) {
  std::vector<std::string> keys;
  for (int i = 99; i >= 0; --i) {
    keys.push_back(StrCat("key", i));
    if (i % 3 != 0) Put(keys.back(), std::to_string(i));
  }
  keys.push_back("key1");  // twice
  auto values = store_->MultiGet(Family::kDocuments, keys);
  CAIRN_ASSERT_OK(values);
  ASSERT_EQ(values->size(), 101u);
  for (int i = 99; i >= 0; --i) {
    auto expected = i % 3 != 0 ? std::optional<std::string>(std::to_string(i)) : std::nullopt;
    EXPECT_EQ((*values)[static_cast<size_t>(99 - i)], expected) << i;
  }
  EXPECT_EQ(values->back(), "1");
  CAIRN_EXPECT_OK(store_->MultiGet(Family::kDocuments, {}));
}

/// DeletePrefix takes one way for few keys and another for many.
class DeletePrefixTest : public StoreTest, public ::testing::WithParamInterface<int> {};

TEST_P(DeletePrefixTest, TakesEveryKeyOfThePrefixAndNoOther) {
  Batch fill;
  for (int i = 0; i < GetParam(); ++i) {
    fill.Put(Family::kDocuments, StrCat("b", i), "");
    fill.Put(Family::kChunks, StrCat("b", i), "");
  }
  for (const char* key : {"a", "a\xff", "c", "B"}) fill.Put(Family::kDocuments, key, "");
  CAIRN_ASSERT_OK(store_->Commit(fill, Durability::kAsync));
  Batch batch;
  batch.Put(Family::kDocuments, "b-before", "");
  batch.DeletePrefix(Family::kDocuments, "b");
  batch.Put(Family::kDocuments, "b-after", "");
  CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kAsync));
  EXPECT_EQ(ScanAll(""),
            (Entries{{"B", ""}, {"a", ""}, {"a\xff", ""}, {"b-after", ""}, {"c", ""}}));
  EXPECT_EQ(ScanAll("", nullptr, Family::kChunks).size(), static_cast<size_t>(GetParam()));
}

TEST_P(DeletePrefixTest, OfNothingTakesTheWholeFamily) {
  Batch fill;
  for (int i = 0; i < GetParam(); ++i) fill.Put(Family::kDocuments, std::to_string(i), "");
  fill.Put(Family::kChunks, "stays", "");
  fill.DeletePrefix(Family::kDocuments, "");
  CAIRN_ASSERT_OK(store_->Commit(fill, Durability::kAsync));
  EXPECT_TRUE(ScanAll("").empty());
  EXPECT_EQ(ScanAll("", nullptr, Family::kChunks).size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DeletePrefixTest, ::testing::Values(0, 1, 255, 256, 257, 2000));

TEST_F(StoreTest, AgreesWithAMapUnderRandomChanges) {
  const unsigned seed = 20240501;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::map<std::string, std::string> model;
  auto key = [&] { return StrCat(static_cast<char>('a' + random() % 4), random() % 150); };
  for (int round = 0; round < 200; ++round) {
    Batch batch;
    for (int i = 0; i < 20; ++i) {
      std::string k = key();
      switch (random() % 8) {
        case 0: {
          std::string prefix = k.substr(0, 1 + random() % k.size());
          batch.DeletePrefix(Family::kPostings, prefix);
          std::erase_if(model, [&](const auto& e) { return e.first.rfind(prefix, 0) == 0; });
          break;
        }
        case 1:
          batch.Delete(Family::kPostings, k);
          model.erase(k);
          break;
        default:
          batch.Put(Family::kPostings, k, std::to_string(round));
          model[k] = std::to_string(round);
      }
    }
    CAIRN_ASSERT_OK(store_->Commit(batch, Durability::kAsync));
    if (round == 100) Open();
    ASSERT_EQ(ScanAll("", nullptr, Family::kPostings), Entries(model.begin(), model.end()))
        << "round " << round;
  }
}

TEST_F(StoreTest, DiskBytesGrowWithTheData) {
  uint64_t before = store_->disk_bytes();
  std::string noise(1 << 20, '\0');
  std::mt19937 random(3);
  for (char& c : noise) c = static_cast<char>(random());
  Put("big", noise);
  EXPECT_GE(store_->disk_bytes(), before + noise.size());
  EXPECT_EQ(Get("big"), noise);
}

TEST_F(StoreTest, TellsItsPathAndMode) {
  EXPECT_EQ(store_->path(), dir_ / "db");
  EXPECT_FALSE(store_->read_only());
  CAIRN_EXPECT_OK(store_->Refresh());
  CAIRN_EXPECT_OK(store_->Sync());
}

TEST_F(StoreTest, EveryCallOnAClosedStoreFails) {
  Put("a", "1");
  SnapshotPtr snapshot = store_->TakeSnapshot();
  CAIRN_ASSERT_OK(store_->Close());
  CAIRN_EXPECT_OK(store_->Close());
  Batch batch;
  batch.Put(Family::kDocuments, "b", "1");
  std::vector<std::string> keys = {"a"};
  CAIRN_EXPECT_ERROR(store_->Get(Family::kDocuments, "a"), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(store_->Get(Family::kDocuments, "a", snapshot), Code::kFailedPrecondition,
                     "closed");
  CAIRN_EXPECT_ERROR(store_->MultiGet(Family::kDocuments, keys), Code::kFailedPrecondition,
                     "closed");
  CAIRN_EXPECT_ERROR(store_->Commit(batch, Durability::kSync), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(store_->Sync(), Code::kFailedPrecondition, "closed");
  CAIRN_EXPECT_ERROR(store_->Refresh(), Code::kFailedPrecondition, "closed");
  auto it = store_->Scan(Family::kDocuments, "");
  ASSERT_NE(it, nullptr);
  EXPECT_FALSE(it->Valid());
  CAIRN_EXPECT_ERROR(it->status(), Code::kFailedPrecondition, "closed");
  SnapshotPtr late = store_->TakeSnapshot();
  ASSERT_NE(late, nullptr);
  CAIRN_EXPECT_ERROR(store_->Get(Family::kDocuments, "a", late), Code::kFailedPrecondition,
                     "closed");
}

TEST_F(StoreTest, AForgottenSnapshotDoesNotKeepTheDirectory) {
  Put("a", "1");
  SnapshotPtr snapshot = store_->TakeSnapshot();
  CAIRN_ASSERT_OK(store_->Close());
  auto second = Store::Open({.path = dir_ / "db"});
  CAIRN_ASSERT_OK(second);
  store_.reset();
  snapshot.reset();  // after its store
  CAIRN_EXPECT_OK((*second)->Get(Family::kDocuments, "a"));
}

TEST_F(StoreTest, AnIteratorOutlivesCloseAndOnlyThenIsTheDirectoryFree) {
  Put("a", "1");
  auto it = store_->Scan(Family::kDocuments, "");
  CAIRN_ASSERT_OK(store_->Close());
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->value(), "1");
  CAIRN_EXPECT_ERROR(Store::Open({.path = dir_ / "db"}), Code::kLocked, "this process");
  it.reset();
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "db"}));
}

}  // namespace
}  // namespace cairn::storage
