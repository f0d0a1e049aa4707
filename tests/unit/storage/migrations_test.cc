#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/format.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

class MigrationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::Open({.path = dir_ / "db"});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = std::move(opened).value();
  }

  /// A step that writes its name, and takes it back.
  Migration Step(uint32_t from, std::string_view name) {
    Migration step{from, from + 1, name, nullptr, nullptr};
    step.up = [this, name](Store&, Batch* batch) {
      calls_.push_back(StrCat("up ", name));
      batch->Put(Family::kDocuments, name, "done");
      return OkStatus();
    };
    step.down = [this, name](Store&, Batch* batch) {
      calls_.push_back(StrCat("down ", name));
      batch->Delete(Family::kDocuments, name);
      return OkStatus();
    };
    return step;
  }

  uint32_t Version() {
    auto version = FormatVersionOf(*store_);
    CAIRN_EXPECT_OK(version);
    return version.ok() ? *version : 0;
  }
  bool Done(std::string_view name) { return store_->Get(Family::kDocuments, name).ok(); }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  std::vector<std::string> calls_;
};

TEST_F(MigrationsTest, AFreshStoreHasTheCurrentVersion) {
  EXPECT_EQ(Version(), kFormatVersion);
  CAIRN_EXPECT_OK(Migrate(*store_, kFormatVersion, Migrations(), nullptr));
}

TEST_F(MigrationsTest, TheTableLeadsToTheCurrentVersionStepByStep) {
  uint32_t version = 1;
  for (const Migration& step : Migrations()) {
    EXPECT_EQ(step.from, version);
    EXPECT_EQ(step.to, version + 1);
    EXPECT_FALSE(step.name.empty());
    EXPECT_TRUE(step.up && step.down) << step.name;
    version = step.to;
  }
  EXPECT_EQ(version, kFormatVersion);
}

TEST_F(MigrationsTest, AFailingStepLeavesTheVersionBeforeItAndNoneOfItsChanges) {
  std::vector<Migration> steps = {Step(1, "one"), Step(2, "two"), Step(3, "three")};
  steps[1].up = [](Store&, Batch* batch) {
    batch->Put(Family::kDocuments, "half", "done");
    return Error(Code::kDataLoss, "a record is damaged");
  };
  CAIRN_EXPECT_ERROR(Migrate(*store_, 4, steps, nullptr), Code::kDataLoss, "'two'");
  EXPECT_EQ(Version(), 2u);
  EXPECT_TRUE(Done("one"));
  EXPECT_FALSE(Done("half"));
  EXPECT_FALSE(Done("three"));
}

TEST_F(MigrationsTest, AFailedMigrationCanBeRunAgain) {
  bool broken = true;
  std::vector<Migration> steps = {Step(1, "one"), Step(2, "two")};
  MigrationStep good = steps[1].up;
  steps[1].up = [&](Store& store, Batch* batch) {
    return broken ? Error(Code::kIoError, "not now") : good(store, batch);
  };
  CAIRN_EXPECT_ERROR(Migrate(*store_, 3, steps, nullptr), Code::kIoError, "not now");
  broken = false;
  CAIRN_EXPECT_OK(Migrate(*store_, 3, steps, nullptr));
  EXPECT_EQ(calls_, (std::vector<std::string>{"up one", "up two"}));
}

TEST_F(MigrationsTest, AMissingStepIsRefused) {
  std::vector<Migration> steps = {Step(1, "one"), Step(3, "three")};
  CAIRN_EXPECT_ERROR(Migrate(*store_, 4, steps, nullptr), Code::kFailedPrecondition,
                     "format version 2");
  EXPECT_EQ(Version(), 2u);
  steps = {Step(1, "one")};
  steps[0].down = nullptr;
  CAIRN_EXPECT_ERROR(Migrate(*store_, 1, steps, nullptr), Code::kFailedPrecondition,
                     "no way from there to version 1");
}

TEST_F(MigrationsTest, AStepThatLeadsNowhereIsRefused) {
  std::vector<Migration> steps = {Step(1, "loop")};
  steps[0].to = 1;
  CAIRN_EXPECT_ERROR(Migrate(*store_, 2, steps, nullptr), Code::kFailedPrecondition, "no way");
  EXPECT_TRUE(calls_.empty());
}

TEST_F(MigrationsTest, RunsForwardInOrder) {
  std::vector<Migration> steps = {Step(1, "one"), Step(2, "two"), Step(3, "three")};
  CAIRN_EXPECT_OK(Migrate(*store_, 4, steps, nullptr));
  EXPECT_EQ(calls_, (std::vector<std::string>{"up one", "up two", "up three"}));
  EXPECT_EQ(Version(), 4u);
}

TEST_F(MigrationsTest, RunsBackInReverseOrder) {
  std::vector<Migration> steps = {Step(1, "one"), Step(2, "two"), Step(3, "three")};
  CAIRN_ASSERT_OK(Migrate(*store_, 4, steps, nullptr));
  calls_.clear();
  CAIRN_EXPECT_OK(Migrate(*store_, 2, steps, nullptr));
  EXPECT_EQ(calls_, (std::vector<std::string>{"down three", "down two"}));
  EXPECT_EQ(Version(), 2u);
  EXPECT_TRUE(Done("one"));
  EXPECT_FALSE(Done("two"));
}

TEST(FormatTest, TheVersionReadsBack) {
  for (uint32_t version : {1u, 2u, 300u, 0xffffffffu}) {
    auto decoded = DecodeFormat(EncodeFormat(version));
    CAIRN_ASSERT_OK(decoded);
    EXPECT_EQ(*decoded, version);
  }
}

TEST(FormatTest, LaterVersionsMayAddFields) {
  auto decoded = DecodeFormat(EncodeFormat(2) + "more");
  CAIRN_ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, 2u);
}

TEST(FormatTest, ADamagedRecordIsDataLoss) {
  std::string good = EncodeFormat(1);
  for (size_t size = 0; size < good.size(); ++size) {
    CAIRN_EXPECT_ERROR(DecodeFormat(good.substr(0, size)), Code::kDataLoss, "damaged");
  }
  CAIRN_EXPECT_ERROR(DecodeFormat(EncodeFormat(0)), Code::kDataLoss, "damaged");
  CAIRN_EXPECT_ERROR(DecodeFormat("\5Cairn\1"), Code::kDataLoss, "damaged");
}

TEST(FormatTest, ANewerVersionIsRefusedNamingBothAndTheCure) {
  CAIRN_EXPECT_OK(CheckNotNewer(kFormatVersion, "/db"));
  Status status = CheckNotNewer(kFormatVersion + 1, "/db");
  CAIRN_EXPECT_ERROR(status, Code::kFailedPrecondition, StrCat("version ", kFormatVersion + 1));
  CAIRN_EXPECT_ERROR(status, Code::kFailedPrecondition, StrCat("up to ", kFormatVersion));
  CAIRN_EXPECT_ERROR(status, Code::kFailedPrecondition, "newer cairn");
}

}  // namespace
}  // namespace cairn::storage
