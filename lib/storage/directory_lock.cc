#include "storage/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "storage/directory.h"

namespace cairn::storage {
namespace {

std::string FirstLine(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Empty where the system does not tell.
std::string BootId() { return FirstLine("/proc/sys/kernel/random/boot_id"); }

struct LockRecord {
  std::string pid;
  std::string boot;
  std::string manifest;
};

LockRecord ReadRecord(const std::string& file) {
  LockRecord record;
  std::ifstream in(file);
  std::getline(in, record.pid);
  std::getline(in, record.boot);
  std::getline(in, record.manifest);
  return record;
}

std::string Text(const LockRecord& record) {
  return StrCat(record.pid, "\n", record.boot, "\n", record.manifest, "\n");
}

/// Name and size; empty when there is none.
std::string CurrentManifest(const std::string& path) {
  StoreStamp stamp = StampOf(path);
  for (const auto& [name, size] : stamp.manifests) {
    if (name == stamp.current) return StrCat(name, " ", size);
  }
  return "";
}

bool OfAnotherBoot(const LockRecord& record) {
  std::string now = BootId();
  return !now.empty() && !record.boot.empty() && record.boot != now;
}

Status InUse(const std::string& path) {
  std::string pid = ReadRecord(LockPath(path)).pid;
  if (pid.empty()) return Error(Code::kLocked, "database ", path, " is in use by another process");
  std::string name = pid == std::to_string(getpid()) ? std::string("this process")
                                                     : FirstLine("/proc/" + pid + "/comm");
  return Error(Code::kLocked, "database ", path, " is in use by process ", pid,
               name.empty() ? "" : " (" + name + ")");
}

/// Nobody can write here: says what still works.
Status LockFileError(const std::string& file, int error) {
  Status status = FileError("write", file, error);
  if (status.code() != Code::kPermissionDenied) return status;
  return Error(status.code(), status.message(), "; open the database read-only instead");
}

}  // namespace

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const std::string& path) {
  std::string file = LockPath(path);
  int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return LockFileError(file, errno);
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(path, fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return InUse(path);
    return LockFileError(file, errno);
  }
  LockRecord last = ReadRecord(file);
  lock->lost_power_ = OfAnotherBoot(last);
  CAIRN_RETURN_IF_ERROR(lock->Write(Text({std::to_string(getpid()), last.boot, last.manifest})));
  return lock;
}

DirectoryLock::~DirectoryLock() { close(fd_); }

bool DirectoryLock::IsInPlace() const {
  struct stat held {};
  struct stat found {};
  return fstat(fd_, &held) == 0 && stat(LockPath(path_).c_str(), &found) == 0 &&
         held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

Status DirectoryLock::MarkInUse() {
  CAIRN_RETURN_IF_ERROR(Write(Text({std::to_string(getpid()), BootId(), ""})));
  // The boot id must outlast the power loss that it tells of.
  return fdatasync(fd_) == 0 || errno == EINVAL ? OkStatus()
                                                : LockFileError(LockPath(path_), errno);
}

Status DirectoryLock::MarkClosed() { return Write(Text({"", "", CurrentManifest(path_)})); }

Status DirectoryLock::Write(const std::string& text) {
  ssize_t written = pwrite(fd_, text.data(), text.size(), 0);
  if (written < 0) return LockFileError(LockPath(path_), errno);
  if (static_cast<size_t>(written) != text.size()) return LockFileError(LockPath(path_), ENOSPC);
  return ftruncate(fd_, written) == 0 ? OkStatus() : LockFileError(LockPath(path_), errno);
}

Status CheckManifest(const std::string& path) {
  std::string then = ReadRecord(LockPath(path)).manifest;
  std::string now = CurrentManifest(path);
  std::string name = then.substr(0, then.find(' ') + 1);
  bool same_file = !name.empty() && now.substr(0, name.size()) == name;
  if (!same_file || now == then) return OkStatus();
  return Error(Code::kDataLoss, "the database at ", path, " is damaged: its file ",
               StoreDirectory(path), "/", name, "has another size than when it was closed (", then,
               "; now ", now, "); restore it from a backup");
}

bool LostPower(const std::string& path) { return OfAnotherBoot(ReadRecord(LockPath(path))); }

}  // namespace cairn::storage
