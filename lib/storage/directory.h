#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "storage/store.h"

namespace cairn::storage {

std::string StoreDirectory(const std::string& path);  ///< PATH/store, RocksDB's own folder
std::string LockPath(const std::string& path);        ///< PATH/lock

/// The failure of a system call on `path`, from errno. `what` is a verb: "open", "sync".
Status FileError(std::string_view what, const std::string& path, int error);

/// Whether a store is at options.path. False means that one is to be made there, and that nothing
/// there would be lost. Changes nothing.
///
/// kNotFound when there is none and the options do not let us make one; kInvalidArgument for a path
/// that cannot be a database; kFailedPrecondition for a folder with other files in it; kDataLoss
/// for what is left of a store without its CURRENT file.
Result<bool> FindStore(const StoreOptions& options);

/// Makes the directory and its parents, durably.
Status CreateDirectory(const std::string& path);
/// Makes the names in a directory durable.
Status SyncDirectory(const std::string& path);

/// Bytes of the files in RocksDB's folder.
uint64_t StoreBytes(const std::string& path);

/// Whether RocksDB's folder holds table files, listed in its manifest or not.
bool HasTables(const std::string& path);

/// Which files hold the state of a store, and how far they reach: equal stamps mean that nothing
/// was committed or reorganised in between.
struct StoreStamp {
  std::string current;                                      ///< name of RocksDB's manifest
  std::vector<std::pair<std::string, uint64_t>> manifests;  ///< name and size, sorted
  std::vector<std::pair<std::string, uint64_t>> logs;       ///< name and size, sorted

  bool SameManifest(const StoreStamp& other) const {
    return current == other.current && manifests == other.manifests;
  }
  friend bool operator==(const StoreStamp&, const StoreStamp&) = default;
};
StoreStamp StampOf(const std::string& path);

}  // namespace cairn::storage
