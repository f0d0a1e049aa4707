#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"

namespace cairn {
class LogSink;
}

namespace cairn::storage {

struct CacheStoreOptions {
  static constexpr uint64_t kLeastBytes = 16u << 20;

  std::string path;                        ///< a folder of its own, made if need be
  uint64_t max_bytes = uint64_t{1} << 30;  ///< of all files together, at any time
  uint64_t memory_bytes = 16u << 20;       ///< block cache and write buffers together
  std::shared_ptr<LogSink> log;            ///< null is silent
  const Clock* clock = Clock::System();
  /// After a failure it is tried again when so much time has passed.
  int64_t retry_ns = 1'000'000'000;
  /// How long a write waits for room in the buffers before it fails.
  int64_t write_wait_ns = 20'000'000;
};

/// What the store holds for one key.
struct CachedValue {
  bool found = false;
  std::string value;
  int64_t ttl_ns = 0;  ///< how long it is good from now on; 0 = for ever
};

/// One value to be written. Borrowed for the call.
struct CacheWrite {
  std::string_view key;
  std::string_view value;
  int64_t ttl_ns = 0;  ///< 0 = for ever
};

class CacheFiles;

/// Values on disk that may be lost: a RocksDB of its own, with its own log, buffers and threads, so
/// that it neither slows nor endangers a database, also when its folder lies in one.
///
/// The folder holds `cairn-cache` (says that all here may be deleted), `lock` and `store/`. Values
/// and epochs survive the end of the process, however it ends; after a power loss the store is
/// empty, since part of what was written last may be missing. The epoch of a namespace starts at
/// the microsecond in which the store was made, and only grows, also when the store had to be made
/// anew.
///
/// Nothing fails for good. After a failure calls are refused at once with kUnavailable; once
/// retry_ns have passed one of them opens the files again, and makes them anew when they are
/// damaged or gone, or when opening or writing has failed three times in a row, as on a full disk.
///
/// Thread safety: thread-safe.
class CacheStore {
 public:
  /// All faults of the options in one failure; kFailedPrecondition for a folder with other files in
  /// it. Whatever else keeps it from opening is a failure of the calls to come.
  static Result<std::shared_ptr<CacheStore>> Open(CacheStoreOptions options);
  ~CacheStore();

  /// kUnavailable, kDataLoss, kIoError, kResourceExhausted, kLocked: nothing was found, written or
  /// changed. The values and the epoch belong together.
  Status Get(std::string_view space, std::span<const std::string_view> keys,
             std::span<CachedValue> values_out, uint64_t* epoch_out);
  /// Stores nothing, and hides what was there, when the epoch is not the namespace's, when a value
  /// is too large (a twenty-fourth of the budget), or when there is no room at the moment.
  Status Set(std::string_view space, uint64_t epoch, std::span<const CacheWrite> writes);
  Status Delete(std::string_view space, std::span<const std::string_view> keys);
  Result<uint64_t> Epoch(std::string_view space);
  /// Raises the epoch beyond the present one and to at least `at_least`.
  Result<uint64_t> Bump(std::string_view space, uint64_t at_least);

  /// Gives the space of all that nobody can see any more back now; writing does it in the course of
  /// time. Rewrites all files: for hosts with time to spare.
  Status Reclaim();
  /// Lets go of the folder; later calls fail with kFailedPrecondition. Idempotent.
  void Close() CAIRN_EXCLUDES(mutex_);

  uint64_t disk_bytes() const;
  uint64_t max_bytes() const { return options_.max_bytes; }
  const std::string& path() const { return options_.path; }

 private:
  explicit CacheStore(CacheStoreOptions options) : options_(std::move(options)) {}

  enum class Use : bool { kReads, kWrites };

  template <typename Body>
  Status With(Use use, const Body& body);
  Result<std::shared_ptr<CacheFiles>> Files() CAIRN_EXCLUDES(mutex_);
  Status Shut() const CAIRN_REQUIRES(mutex_);
  void NoteOpeningFailed(const Status& status) CAIRN_REQUIRES(mutex_);
  Result<std::shared_ptr<CacheFiles>> OpenFiles(bool anew, uint64_t least_epoch) const;
  void Settle(Use use, std::shared_ptr<CacheFiles> files, const Status& status)
      CAIRN_EXCLUDES(mutex_);

  const CacheStoreOptions options_;
  mutable Mutex mutex_;
  std::shared_ptr<CacheFiles> files_ CAIRN_GUARDED_BY(mutex_);   ///< null after a failure
  std::weak_ptr<CacheFiles> given_up_ CAIRN_GUARDED_BY(mutex_);  ///< while calls still use it
  /// Lets go of files that failed, for which RocksDB takes up to a second.
  std::thread closer_ CAIRN_GUARDED_BY(mutex_);
  bool closed_ CAIRN_GUARDED_BY(mutex_) = false;
  bool opening_ CAIRN_GUARDED_BY(mutex_) = false;
  bool make_anew_ CAIRN_GUARDED_BY(mutex_) = false;
  uint32_t failures_in_row_ CAIRN_GUARDED_BY(mutex_) = 0;
  int64_t retry_at_ns_ CAIRN_GUARDED_BY(mutex_) = 0;
  uint64_t least_epoch_ CAIRN_GUARDED_BY(mutex_) = 0;
  Status last_failure_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::storage
