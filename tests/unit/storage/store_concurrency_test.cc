#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

class StoreConcurrencyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::Open({.path = dir_ / "db"});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = std::move(opened).value();
  }

  static void Run(int threads, const std::function<void(int)>& body) {
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([&body, t] { body(t); });
    for (std::thread& thread : running) thread.join();
  }

  size_t Count(std::string_view prefix) {
    size_t count = 0;
    for (auto it = store_->Scan(Family::kDocuments, prefix); it->Valid(); it->Next()) ++count;
    return count;
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreConcurrencyTest, NoCommitIsLost) {
  Run(4, [&](int t) {
    for (int i = 0; i < 300; ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, StrCat("t", t, "-", i), "x");
      CAIRN_EXPECT_OK(store_->Commit(batch, i % 50 == 0 ? Durability::kSync : Durability::kAsync));
    }
  });
  EXPECT_EQ(Count(""), 1200u);
}

TEST_F(StoreConcurrencyTest, ReadersNeverSeeHalfABatch) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop.load(); ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, "a", std::to_string(i));
      batch.Put(Family::kChunks, "b", std::to_string(i));
      CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
    }
  });
  Run(3, [&](int) {
    for (int i = 0; i < 500; ++i) {
      SnapshotPtr snapshot = store_->TakeSnapshot();
      auto a = store_->Get(Family::kDocuments, "a", snapshot);
      auto b = store_->Get(Family::kChunks, "b", snapshot);
      EXPECT_EQ(a.ok(), b.ok());
      if (a.ok() && b.ok()) {
        EXPECT_EQ(*a, *b);
      }
    }
  });
  stop.store(true);
  writer.join();
}

TEST_F(StoreConcurrencyTest, ADeletedPrefixNeverLeavesAKeyOfAnEarlierBatch) {
  // Some threads add a pair of keys below the prefix in one batch, another deletes the prefix: at
  // any moment a pair is there whole or not at all.
  std::atomic<bool> stop{false};
  std::thread deleter([&] {
    while (!stop.load()) {
      Batch batch;
      batch.DeletePrefix(Family::kDocuments, "p");
      CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
      EXPECT_EQ(Count("p") % 2, 0u);
    }
  });
  Run(2, [&](int t) {
    for (int i = 0; i < 500; ++i) {
      Batch batch;
      batch.Put(Family::kDocuments, StrCat("p1-", t, "-", i), "");
      batch.Put(Family::kDocuments, StrCat("p2-", t, "-", i), "");
      CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
    }
  });
  stop.store(true);
  deleter.join();
  Batch batch;
  batch.DeletePrefix(Family::kDocuments, "p");
  CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
  EXPECT_EQ(Count("p"), 0u);
}

TEST_F(StoreConcurrencyTest, ClosingWhileOthersWorkFailsTheirCallsAndNothingElse) {
  std::atomic<int> started{0};
  std::thread closer([&] {
    while (started.load() < 3) std::this_thread::yield();
    CAIRN_EXPECT_OK(store_->Close());
  });
  Run(3, [&](int t) {
    SnapshotPtr snapshot = store_->TakeSnapshot();
    for (int i = 0;; ++i) {
      if (i == 10) started.fetch_add(1);
      Batch batch;
      batch.Put(Family::kDocuments, StrCat(t, "-", i), "x");
      Status committed = store_->Commit(batch, Durability::kAsync);
      Status read = store_->Get(Family::kDocuments, "absent", snapshot).status();
      EXPECT_TRUE(read.code() == Code::kNotFound || read.code() == Code::kFailedPrecondition);
      for (auto it = store_->Scan(Family::kDocuments, StrCat(t, "-1")); it->Valid();) it->Next();
      if (committed.ok()) continue;
      CAIRN_EXPECT_ERROR(committed, Code::kFailedPrecondition, "closed");
      break;
    }
  });
  closer.join();
  CAIRN_EXPECT_OK(Store::Open({.path = dir_ / "db"}));
}

TEST_F(StoreConcurrencyTest, ReadersRefreshTogether) {
  auto reader = Store::Open({.path = dir_ / "db", .read_only = true});
  CAIRN_ASSERT_OK(reader);
  Run(3, [&](int t) {
    for (int i = 0; i < 20; ++i) {
      if (t == 0) {
        Batch batch;
        batch.Put(Family::kDocuments, std::to_string(i), "x");
        CAIRN_EXPECT_OK(store_->Commit(batch, Durability::kAsync));
      }
      CAIRN_EXPECT_OK((*reader)->Refresh());
      SnapshotPtr snapshot = (*reader)->TakeSnapshot();
      CAIRN_EXPECT_ERROR((*reader)->Get(Family::kDocuments, "absent", snapshot), Code::kNotFound,
                         "");
    }
  });
  CAIRN_ASSERT_OK((*reader)->Refresh());
  CAIRN_EXPECT_OK((*reader)->Get(Family::kDocuments, "19"));
}

}  // namespace
}  // namespace cairn::storage
