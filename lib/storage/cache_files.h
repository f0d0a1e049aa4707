#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "base/mutex.h"
#include "base/status.h"
#include "storage/background_env.h"
#include "storage/cache_filter.h"
#include "storage/cache_record.h"
#include "storage/cache_store.h"
#include "storage/directory_lock.h"
#include "storage/rocks_log.h"

namespace cairn::storage {

/// Lets those wait who found no room for what they write. Thread safety: thread-safe.
class WorkListener final : public rocksdb::EventListener {
 public:
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { Count(); }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { Count(); }
  uint64_t count() const CAIRN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return count_;
  }
  /// Waits a little, or until some work is done after the `seen` first pieces. False when that
  /// monotonic time has come.
  bool AwaitNext(uint64_t seen, int64_t until_ns) CAIRN_EXCLUDES(mutex_);

 private:
  static constexpr int64_t kStepNs = 2'000'000;

  void Count() CAIRN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++count_;
    done_.SignalAll();
  }

  mutable Mutex mutex_;
  CondVar done_;
  uint64_t count_ CAIRN_GUARDED_BY(mutex_) = 0;
};

/// One opened RocksDB of a cache store, in which writing never goes beyond the byte budget.
///
/// Keys begin with the number of a generation: a stretch of time in which about a twelfth of the
/// budget was written. New records go to the newest; a lookup asks them from the newest to the
/// oldest and takes the first record that it finds. When the files come near the budget the oldest
/// generation goes, whole files at a time, since no table holds records of two (but for those that
/// were just flushed). Compactions rewrite only what is in the newest; what they need for the time
/// being is kept free. So a value stays until the budget has been written about two thirds over,
/// its time ends, or it is deleted: first in, first out, however often it is read.
///
/// Nothing is synced: the log outlives the process, and after a power loss the files are dropped.
/// Thread safety: thread-safe.
class CacheFiles {
 public:
  /// Opens what is at the path or makes it. `least_epoch`: no namespace may have one before it.
  static Result<std::shared_ptr<CacheFiles>> Open(const CacheStoreOptions& options,
                                                  uint64_t least_epoch);
  ~CacheFiles();
  CacheFiles(const CacheFiles&) = delete;
  CacheFiles& operator=(const CacheFiles&) = delete;

  Status Get(std::string_view space, std::span<const std::string_view> keys,
             std::span<CachedValue> values_out, uint64_t* epoch_out) const;
  Status Set(std::string_view space, uint64_t epoch, std::span<const CacheWrite> writes);
  Status Delete(std::string_view space, std::span<const std::string_view> keys);
  uint64_t Epoch(std::string_view space) const { return epochs_->Of(space); }
  Result<uint64_t> Bump(std::string_view space, uint64_t at_least);
  uint64_t highest_epoch() const { return epochs_->highest(); }
  /// Rewrites all tables, without what nobody can see any more.
  Status Reclaim();

 private:
  explicit CacheFiles(const CacheStoreOptions& options);

  Status OpenAt(uint64_t least_epoch);
  Status ReadState(uint64_t least_epoch);
  Status LookUp(std::string_view space, std::span<const std::string_view> keys,
                std::span<CachedValue> values_out, uint64_t epoch) const;
  Status Write(rocksdb::WriteBatch* batch);
  Status WriteRecords(rocksdb::WriteBatch* batch, uint64_t bytes);
  std::string RecordOf(const CacheWrite& write, uint64_t epoch, int64_t now_ns) const;

  // The budget.
  Status KeepBudget() CAIRN_REQUIRES(budget_mutex_);
  Status PutGenerations(uint32_t oldest, uint32_t newest);
  Status DropOldest() CAIRN_REQUIRES(budget_mutex_);
  /// Of the records of these generations, compressed where they are in tables.
  uint64_t BytesBetween(uint32_t first, uint32_t end) const;
  uint64_t LiveBytes() const;
  bool IsFull() const;
  bool IsAtWork() const;
  /// Waits, for as long as a write may, while the files have no room for more.
  Status AwaitRoom() CAIRN_EXCLUDES(budget_mutex_);

  const CacheStoreOptions options_;
  const uint64_t generation_bytes_;
  const uint64_t buffer_bytes_;
  BackgroundEnv env_;
  std::shared_ptr<RocksLog> log_;
  std::shared_ptr<ErrorListener> errors_;
  std::shared_ptr<WorkListener> work_;
  std::unique_ptr<CacheEpochs> epochs_;  // outlives db_, whose filter reads it
  const std::shared_ptr<CacheFilterState> filter_ = std::make_shared<CacheFilterState>();
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<rocksdb::DB> db_;

  /// Held together by those who write under an epoch that they have looked at, alone by who raises
  /// one: no record of a former epoch comes after one of a later.
  std::shared_mutex epoch_mutex_;
  Mutex budget_mutex_;  ///< held by the one who keeps the budget
  /// Relaxed: who reads an older number of the newest writes where it is still looked for.
  std::atomic<uint32_t> newest_{1};
  std::atomic<uint64_t> measured_bytes_{0};       ///< of all files, when they were last looked at
  std::atomic<uint64_t> written_since_bytes_{0};  ///< that they may have grown by since
};

}  // namespace cairn::storage
