#include "vector/file_io.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cairn::vector {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

/// The failure of a system call on `path`. `what` is a verb.
Status FileError(std::string_view what, const std::string& path, int error) {
  Code code = error == EACCES || error == EPERM || error == EROFS ? Code::kPermissionDenied
              : error == ENOSPC || error == EDQUOT                ? Code::kResourceExhausted
                                                                  : Code::kIoError;
  return Error(code, "cannot ", what, " ", path, ": ", std::generic_category().message(error));
}

Status SyncParent(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  if (parent.empty()) parent = ".";
  int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError("open", parent, errno);
  int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;  // not every file system can
  close(fd);
  return error == 0 ? OkStatus() : FileError("sync", parent, error);
}

}  // namespace

MappedFile::~MappedFile() { munmap(const_cast<uint8_t*>(data_), bytes_); }

void MappedFile::WillNeed(size_t offset, size_t bytes) const {
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_t start = offset / page * page;
  madvise(const_cast<uint8_t*>(data_) + start, bytes + (offset - start), MADV_WILLNEED);
}

Result<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
  if (fd < 0 && errno == ENOENT) return Error(Code::kNotFound, "there is no file ", path);
  if (fd < 0) return FileError("open", path, errno);
  std::unique_ptr<InputFile> file(new InputFile(path, fd));
  struct stat info {};
  if (fstat(fd, &info) != 0) return FileError("open", path, errno);
  if (!S_ISREG(info.st_mode)) return Error(Code::kDataLoss, path, " is not a regular file");
  file->bytes_ = static_cast<uint64_t>(info.st_size);
  return file;
}

InputFile::~InputFile() { close(fd_); }

Status InputFile::Read(uint64_t offset, void* out, size_t bytes) const {
  auto* at = static_cast<uint8_t*>(out);
  while (bytes != 0) {
    ssize_t got = pread(fd_, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path_, errno);
    if (got == 0) {
      return Error(Code::kDataLoss, path_, " is cut short: it ends at byte ", offset);
    }
    at += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return OkStatus();
}

Result<std::shared_ptr<const MappedFile>> InputFile::Map() const {
  void* data = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd_, 0);
  if (data == MAP_FAILED) return FileError("map", path_, errno);
  try {
    return std::make_shared<const MappedFile>(static_cast<const uint8_t*>(data), bytes_);
  } catch (...) {
    munmap(data, bytes_);
    throw;
  }
}

OutputFile::OutputFile(const std::string& path) : path_(path), temporary_(path + ".tmp") {
  buffer_.reserve(kBufferBytes);
}

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) return FileError("create", path, EEXIST);
  std::unique_ptr<OutputFile> file(new OutputFile(path));
  unlink(file->temporary_.c_str());  // what a crash left
  file->fd_ = open(file->temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file->fd_ < 0) return FileError("create", file->temporary_, errno);
  return file;
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

Status OutputFile::Append(const void* data, size_t bytes) {
  if (bytes > kBufferBytes - buffer_.size()) CAIRN_RETURN_IF_ERROR(Flush());
  if (bytes < kBufferBytes) {
    const auto* from = static_cast<const uint8_t*>(data);
    buffer_.insert(buffer_.end(), from, from + bytes);
    return OkStatus();
  }
  CAIRN_RETURN_IF_ERROR(Write(written_, data, bytes));
  written_ += bytes;
  return OkStatus();
}

Status OutputFile::Overwrite(const void* data, size_t bytes) {
  CAIRN_RETURN_IF_ERROR(Flush());
  return Write(0, data, bytes);
}

Status OutputFile::Commit() {
  CAIRN_RETURN_IF_ERROR(Flush());
  if (fsync(fd_) != 0) return FileError("sync", temporary_, errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return FileError("create", path_, errno);
  close(std::exchange(fd_, -1));
  Status synced = SyncParent(path_);
  if (!synced.ok()) unlink(path_.c_str());
  return synced;
}

Status OutputFile::Flush() {
  CAIRN_RETURN_IF_ERROR(Write(written_, buffer_.data(), buffer_.size()));
  written_ += buffer_.size();
  buffer_.clear();
  return OkStatus();
}

Status OutputFile::Write(uint64_t offset, const void* data, size_t bytes) const {
  const auto* at = static_cast<const uint8_t*>(data);
  while (bytes != 0) {
    ssize_t put = pwrite(fd_, at, bytes, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return FileError("write", temporary_, put < 0 ? errno : ENOSPC);
    at += put;
    offset += static_cast<uint64_t>(put);
    bytes -= static_cast<size_t>(put);
  }
  return OkStatus();
}

}  // namespace cairn::vector
