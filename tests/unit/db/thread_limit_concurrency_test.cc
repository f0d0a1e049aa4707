#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::WithVectors;

constexpr uint32_t kDim = 8;
constexpr uint32_t kThreads = 3;

size_t ThreadCount() {
  std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

/// The most threads that there are at any time while it lives, without its own.
class ThreadWatch {
 public:
  ThreadWatch() : watcher_([this] { Watch(); }) {}
  ~ThreadWatch() { Stop(); }
  size_t Stop() {
    done_ = true;
    if (watcher_.joinable()) watcher_.join();
    return most_;
  }

 private:
  void Watch() {
    while (!done_) {
      most_ = std::max(most_, ThreadCount() - 1);
      std::this_thread::yield();
    }
  }
  std::atomic<bool> done_{false};
  size_t most_ = 0;  // the watcher's until it is joined
  std::thread watcher_;
};

TEST(ThreadLimitTest, BatchesAndBackgroundWorkKeepWithinIt) {
  test::TempDir dir;
  const size_t before = ThreadCount();
  ThreadWatch watch;
  DatabaseOptions options;
  options.path = dir / "db";
  options.durability = storage::Durability::kAsync;
  options.thread_count = kThreads;
  auto db = Must(Database::Open(options));
  auto vectors = Must(db->CreateCollection("v", WithVectors(kDim)));
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> rows(4000 * kDim);
  for (float& x : rows) x = normal(random);
  std::vector<float> queries(rows.begin(), rows.begin() + 400 * kDim);
  Must(vectors->SearchVectors(queries, kDim, 3, ""));
  for (size_t i = 0; i < rows.size() / kDim; ++i) {
    std::string id = std::to_string(i);
    auto input = Note(id, "", "");
    input.vectors = rows.data() + i * kDim;
    input.vector_count = 1;
    input.dim = kDim;
    CAIRN_ASSERT_OK(vectors->Upsert({&input, 1}));
    if (i % 500 == 499) Must(vectors->SearchVectors(queries, kDim, 3, ""));
  }
  CAIRN_ASSERT_OK(db->WaitIdle(-1));
  Must(vectors->SearchVectors(queries, kDim, 3, ""));
  // The calling thread is one of ours; the storage has as many of its own for flushes.
  const size_t most = watch.Stop();
  EXPECT_LE(most, before + (kThreads - 1) + kThreads);
  EXPECT_GE(most, before + (kThreads - 1));
}

TEST(ThreadLimitTest, OneThreadMeansThatNoneIsStartedForABatch) {
  test::TempDir dir;
  DatabaseOptions options;
  options.path = dir / "db";
  options.durability = storage::Durability::kAsync;
  options.thread_count = 1;
  auto db = Must(Database::Open(options));
  auto vectors = Must(db->CreateCollection("v", WithVectors(kDim)));
  std::vector<float> row(kDim, 1);
  auto input = Note("a", "", "");
  input.vectors = row.data();
  input.vector_count = 1;
  input.dim = kDim;
  CAIRN_ASSERT_OK(vectors->Upsert({&input, 1}));
  std::vector<float> queries(100 * kDim, 1);
  Must(vectors->SearchVectors(queries, kDim, 3, ""));
  const size_t before = ThreadCount();
  ThreadWatch watch;
  for (int i = 0; i < 50; ++i) Must(vectors->SearchVectors(queries, kDim, 3, ""));
  EXPECT_LE(watch.Stop(), before);
}

}  // namespace
}  // namespace cairn::db
