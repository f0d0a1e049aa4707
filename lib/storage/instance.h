#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "base/status.h"
#include "storage/directory.h"
#include "storage/directory_lock.h"
#include "storage/rocks_options.h"
#include "storage/store.h"

namespace cairn::storage {

/// One opened RocksDB. Shared by the store, its iterators and its snapshots: the files, and a
/// writer's lock, are let go when the last of them is gone.
///
/// Thread safety: thread-safe.
class Instance {
 public:
  /// Opens for writing. With `create`, makes what is missing.
  static Result<std::shared_ptr<Instance>> OpenWriter(const StoreOptions& options, bool create,
                                                      std::unique_ptr<DirectoryLock> lock,
                                                      std::shared_ptr<Resources> resources);
  /// Opens the state of this moment for reading, while a writer may be at work. Changes no file.
  static Result<std::shared_ptr<Instance>> OpenReader(const StoreOptions& options,
                                                      std::shared_ptr<Resources> resources);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<size_t>(family)];
  }
  bool writable() const { return lock_ != nullptr; }

  /// True when nothing was ever written to this store.
  bool pristine() const { return db_->GetLatestSequenceNumber() == 0 && !HasTables(path_); }

  rocksdb::Status Write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch* batch);
  /// Makes everything written so far durable.
  rocksdb::Status Sync();
  /// Moves everything written into table files, so that the next opening has nothing to replay.
  rocksdb::Status Flush();

 private:
  Instance(std::string path, std::shared_ptr<Resources> resources)
      : path_(std::move(path)), resources_(std::move(resources)) {}
  rocksdb::Status Open(const StoreOptions& options, bool create, rocksdb::WALRecoveryMode recovery);

  const std::string path_;
  const std::shared_ptr<Resources> resources_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_handle_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // in the order of Family
  bool flushed_ = false;  // written once, by Flush, when no more writes come
};

}  // namespace cairn::storage
