#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace cairn::storage {

/// The right to write to a database directory: an exclusive flock on PATH/lock, which the kernel
/// drops when the process ends, however it ends.
///
/// The file holds three lines, each possibly empty:
///  1. the writer's process id, for the error message of others;
///  2. while the database is in use, the boot id of the kernel: a boot id that differs from today's
///     tells a power loss or a kernel crash from the mere death of a process, and only the former
///     can tear bytes that were written but never synced;
///  3. once the database was closed properly, the name and size of RocksDB's manifest: RocksDB
///  takes
///     a manifest that has lost its end for an older state, and would delete what is newer.
///
/// Thread safety: thread-compatible. Ownership: dropping the object drops the lock.
class DirectoryLock {
 public:
  /// kLocked naming the process when somebody else, or this process, has it.
  static Result<std::unique_ptr<DirectoryLock>> Acquire(const std::string& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  /// The last writer did not close, and the machine has been started anew since.
  bool lost_power() const { return lost_power_; }
  /// The lock's file is still where it was: nobody has removed or replaced the directory.
  bool IsInPlace() const;
  /// Says that from now on the database may hold unsynced writes.
  Status MarkInUse();
  /// Says that everything written is synced, and what the manifest is.
  Status MarkClosed();

 private:
  DirectoryLock(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status Write(const std::string& text);

  const std::string path_;
  const int fd_;
  bool lost_power_ = false;
};

/// kDataLoss when the manifest is not what it was when the database was closed.
Status CheckManifest(const std::string& path);

/// As DirectoryLock::lost_power, for readers, who take no lock.
bool LostPower(const std::string& path);

}  // namespace cairn::storage
