#include "storage/cache_store.h"

#include <exception>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "observe/log.h"
#include "storage/cache_files.h"
#include "storage/directory.h"

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkText = "cairn cache 1: everything in this folder may be deleted\n";
constexpr std::string_view kMarkStart = "cairn cache ";
/// Writing that fails so often in a row may be cured by beginning with nothing.
constexpr uint32_t kFailuresToMakeAnew = 3;

std::string MarkPath(const std::string& path) { return path + "/cairn-cache"; }

bool IsMarked(const std::string& path) {
  std::ifstream in(MarkPath(path), std::ios::binary);
  std::string text(kMarkStart.size(), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  return in && text == kMarkStart;
}

Status CheckOptions(const CacheStoreOptions& options) {
  std::string faults;
  const auto fault = [&faults](const std::string& text) {
    faults += (faults.empty() ? "" : "; ") + text;
  };
  if (options.path.empty()) fault("the path of the cache is empty");
  if (options.path.find('\0') != std::string::npos) fault("the path of the cache holds a NUL byte");
  if (options.max_bytes < CacheStoreOptions::kLeastBytes) {
    fault(StrCat("the cache on disk is to have ", options.max_bytes, " bytes, less than ",
                 CacheStoreOptions::kLeastBytes));
  }
  return faults.empty() ? OkStatus() : Error(Code::kInvalidArgument, faults);
}

/// Refuses a folder that may hold something else than a cache. One that cannot be looked at is not
/// refused: what is wrong with it may pass.
Status CheckFolder(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    return Error(Code::kInvalidArgument, path, " is a file, not a folder for a cache");
  }
  if (!fs::is_directory(status) || fs::is_empty(path, error) || error || IsMarked(path)) {
    return OkStatus();
  }
  return Error(Code::kFailedPrecondition, path,
               " is not empty and no cache of cairn; choose an empty or a new folder");
}

/// Makes the folder if need be; with `anew`, empties it first.
Status PrepareFolder(const std::string& path, bool anew) {
  CAIRN_RETURN_IF_ERROR(CheckFolder(path));
  CAIRN_RETURN_IF_ERROR(CreateDirectory(path));
  if (!IsMarked(path)) {
    std::ofstream mark(MarkPath(path), std::ios::binary | std::ios::trunc);
    mark << kMarkText;
    mark.close();
    if (!mark) return Error(Code::kIoError, "cannot write ", MarkPath(path));
  }
  if (anew) {
    // Under the lock: a store in use is somebody's, and keeps its files.
    CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock, DirectoryLock::Acquire(path));
    std::error_code error;
    fs::remove_all(StoreDirectory(path), error);
    if (error) return FileError("remove", StoreDirectory(path), error.value());
    CAIRN_RETURN_IF_ERROR(lock->MarkClosed());
  }
  return CreateDirectory(StoreDirectory(path));
}

/// The files are at fault, or the disk is: they are let go, and opened again later.
bool IsBroken(const Status& status) { return !status.ok() && status.code() != Code::kUnavailable; }

}  // namespace

Result<std::shared_ptr<CacheStore>> CacheStore::Open(CacheStoreOptions options) {
  CAIRN_RETURN_IF_ERROR(CheckOptions(options));
  CAIRN_RETURN_IF_ERROR(CheckFolder(options.path));
  std::shared_ptr<CacheStore> store(new CacheStore(std::move(options)));
  store->Files().status().IgnoreError("the calls to come try again");
  return store;
}

CacheStore::~CacheStore() { Close(); }

void CacheStore::Close() {
  std::shared_ptr<CacheFiles> files;
  std::thread closer;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    files.swap(files_);
    closer.swap(closer_);
  }
  if (closer.joinable()) closer.join();
}

uint64_t CacheStore::disk_bytes() const { return StoreBytes(options_.path); }

Result<std::shared_ptr<CacheFiles>> CacheStore::OpenFiles(bool anew, uint64_t least_epoch) const {
  try {
    CAIRN_RETURN_IF_ERROR(PrepareFolder(options_.path, anew));
    auto files = CacheFiles::Open(options_, least_epoch);
    if (files.ok() || anew || files.status().code() != Code::kDataLoss) return files;
    Log(options_.log.get(), LogLevel::kWarning, "storage",
        StrCat("the cache at ", options_.path, " begins anew: ", files.status().message()));
    CAIRN_RETURN_IF_ERROR(PrepareFolder(options_.path, true));
    return CacheFiles::Open(options_, least_epoch);
  } catch (const std::exception& error) {
    return Error(Code::kInternal, "cannot open the cache at ", options_.path, ": ", error.what());
  }
}

Result<std::shared_ptr<CacheFiles>> CacheStore::Files() {
  bool anew = false;
  uint64_t least_epoch = 0;
  std::thread closer;
  std::weak_ptr<CacheFiles> given_up;
  {
    MutexLock lock(mutex_);
    if (files_ != nullptr) return files_;
    if (closed_) {
      return Error(Code::kFailedPrecondition, "the cache at ", options_.path, " is closed");
    }
    if (opening_ || options_.clock->MonotonicNs() < retry_at_ns_) return Shut();
    opening_ = true;
    closer.swap(closer_);
    given_up = given_up_;
    anew = make_anew_;
    least_epoch = least_epoch_;
  }
  if (closer.joinable()) closer.join();  // it is done, unless retry_ns is shorter than it takes
  if (!given_up.expired()) {
    MutexLock lock(mutex_);  // calls that began before the failure still have the files open
    opening_ = false;
    return Shut();
  }
  Result<std::shared_ptr<CacheFiles>> opened = OpenFiles(anew, least_epoch);
  MutexLock lock(mutex_);
  opening_ = false;
  if (!opened.ok()) {
    NoteOpeningFailed(opened.status());
    return opened;
  }
  make_anew_ = false;
  if (closed_) return Error(Code::kFailedPrecondition, "the cache was closed");
  files_ = *opened;
  return opened;
}

Status CacheStore::Shut() const {
  return Error(Code::kUnavailable, "the cache at ", options_.path,
               " is shut: ", last_failure_.message());
}

void CacheStore::NoteOpeningFailed(const Status& status) {
  const bool may_be_cured =
      status.code() != Code::kLocked && status.code() != Code::kPermissionDenied;
  if (may_be_cured) ++failures_in_row_;
  make_anew_ = make_anew_ || failures_in_row_ >= kFailuresToMakeAnew;
  retry_at_ns_ = options_.clock->MonotonicNs() + options_.retry_ns;
  last_failure_ = Error(status.code(), status.message());
}

void CacheStore::Settle(Use use, std::shared_ptr<CacheFiles> files, const Status& status) {
  MutexLock lock(mutex_);
  if (files != files_) return;  // somebody else has seen to it
  if (!IsBroken(status)) {
    if (status.ok() && use == Use::kWrites) failures_in_row_ = 0;
    return;
  }
  Log(options_.log.get(), LogLevel::kWarning, "storage", status.message());
  make_anew_ = status.code() == Code::kDataLoss || ++failures_in_row_ >= kFailuresToMakeAnew;
  least_epoch_ = std::max(least_epoch_, files->highest_epoch());
  last_failure_ = Error(status.code(), status.message());
  retry_at_ns_ = options_.clock->MonotonicNs() + options_.retry_ns;
  given_up_ = files_;
  files_ = nullptr;
  try {
    closer_ = std::thread([mine = std::move(files)]() mutable { mine.reset(); });
  } catch (const std::system_error&) {  // no thread to be had: then it is done here
  }
}

template <typename Body>
Status CacheStore::With(Use use, const Body& body) {
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<CacheFiles> files, Files());
  Status status;
  try {
    status = body(*files);
  } catch (const std::exception& error) {
    status = Error(Code::kInternal, "the cache at ", options_.path, ": ", error.what());
  }
  Settle(use, std::move(files), status);
  return status;
}

Status CacheStore::Get(std::string_view space, std::span<const std::string_view> keys,
                       std::span<CachedValue> values_out, uint64_t* epoch_out) {
  return With(Use::kReads,
              [&](CacheFiles& files) { return files.Get(space, keys, values_out, epoch_out); });
}

Status CacheStore::Set(std::string_view space, uint64_t epoch, std::span<const CacheWrite> writes) {
  return With(Use::kWrites, [&](CacheFiles& files) { return files.Set(space, epoch, writes); });
}

Status CacheStore::Delete(std::string_view space, std::span<const std::string_view> keys) {
  return With(Use::kWrites, [&](CacheFiles& files) { return files.Delete(space, keys); });
}

Result<uint64_t> CacheStore::Epoch(std::string_view space) {
  uint64_t epoch = 0;
  CAIRN_RETURN_IF_ERROR(With(Use::kReads, [&](CacheFiles& files) {
    epoch = files.Epoch(space);
    return OkStatus();
  }));
  return epoch;
}

Result<uint64_t> CacheStore::Bump(std::string_view space, uint64_t at_least) {
  uint64_t epoch = 0;
  CAIRN_RETURN_IF_ERROR(With(Use::kWrites, [&](CacheFiles& files) -> Status {
    CAIRN_ASSIGN_OR_RETURN(epoch, files.Bump(space, at_least));
    return OkStatus();
  }));
  return epoch;
}

Status CacheStore::Reclaim() {
  return With(Use::kWrites, [](CacheFiles& files) { return files.Reclaim(); });
}

}  // namespace cairn::storage
