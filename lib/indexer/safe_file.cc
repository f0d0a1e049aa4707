#include "indexer/safe_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/sync_point.h"

namespace cairn::indexer {
namespace {

constexpr int kReadTries = 3;

Status FromErrno(int error, std::string_view what, std::string_view path) {
  Code code = Code::kIoError;
  if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
  if (error == EACCES || error == EPERM) code = Code::kPermissionDenied;
  if (error == ELOOP) code = Code::kPermissionDenied;
  std::string reason = error == ELOOP ? "is or leads through a symbolic link"
                                      : std::generic_category().message(error);
  return Error(code, what, " '", ToValidUtf8(path), "': ", reason);
}

int OpenRetry(int at, const char* name, int flags) {
  int fd = -1;
  do {
    fd = openat(at, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('\0') == std::string_view::npos;
}

Status ReadAll(int fd, uint64_t max_bytes, std::string_view path, std::string* out) {
  constexpr size_t kStep = 64 << 10;
  size_t filled = 0;
  while (true) {
    if (filled == out->size()) out->resize(filled + kStep);
    ssize_t got = read(fd, out->data() + filled, out->size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromErrno(errno, "cannot read", path);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    if (filled > max_bytes) {
      return Error(Code::kOutOfRange, "larger than ", max_bytes, " bytes");
    }
  }
  out->resize(filled);
  return OkStatus();
}

/// One try: false when the file changed while it was read.
Result<bool> ReadOnce(int root, std::string_view relative, uint64_t max_bytes, FileContent* out) {
  CAIRN_ASSIGN_OR_RETURN(FileHandle file, OpenBeneath(root, relative, false));
  struct stat before = {};
  struct stat after = {};
  if (fstat(file.get(), &before) != 0) return FromErrno(errno, "cannot look at", relative);
  if (!S_ISREG(before.st_mode)) return Error(Code::kInvalidArgument, "not a regular file");
  uint64_t size = static_cast<uint64_t>(std::max<off_t>(before.st_size, 0));
  if (size > max_bytes) return Error(Code::kOutOfRange, "larger than ", max_bytes, " bytes");
  out->bytes.assign(size + 1, '\0');
  CAIRN_RETURN_IF_ERROR(ReadAll(file.get(), max_bytes, relative, &out->bytes));
  CAIRN_SYNC_POINT("indexer:after_read");
  if (fstat(file.get(), &after) != 0) return FromErrno(errno, "cannot look at", relative);
  out->mtime_ns = MtimeNs(before);
  return MtimeNs(after) == out->mtime_ns && after.st_size == before.st_size &&
         out->bytes.size() == size;
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int FileHandle::Release() { return std::exchange(fd_, -1); }

void FileHandle::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<std::string> CanonicalFolder(std::string_view path) {
  if (path.empty()) return Error(Code::kInvalidArgument, "the root folder has no name");
  if (path.find('\0') != std::string_view::npos) {
    return Error(Code::kInvalidArgument, "the root folder's name holds a NUL byte");
  }
  std::string name(path);
  std::unique_ptr<char, decltype(&free)> resolved(realpath(name.c_str(), nullptr), &free);
  if (resolved == nullptr) return FromErrno(errno, "root folder", path);
  std::string canonical = resolved.get();
  struct stat info = {};
  if (stat(canonical.c_str(), &info) != 0) return FromErrno(errno, "root folder", path);
  if (!S_ISDIR(info.st_mode)) {
    return Error(Code::kInvalidArgument, "root '", ToValidUtf8(path), "' is not a folder");
  }
  return canonical;
}

Result<FileHandle> OpenFolder(const std::string& path) {
  FileHandle folder(OpenRetry(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY));
  if (folder.get() < 0) return FromErrno(errno, "cannot open folder", path);
  return folder;
}

Result<FileHandle> OpenBeneath(int root, std::string_view relative, bool folder) {
  FileHandle at(OpenRetry(root, ".", O_RDONLY | O_DIRECTORY));
  if (at.get() < 0) return FromErrno(errno, "cannot open", ".");
  for (std::string_view rest = relative; !rest.empty();) {
    size_t slash = rest.find('/');
    bool last = slash == std::string_view::npos;
    std::string_view name = rest.substr(0, slash);
    if (!IsPlainName(name) || (!last && slash + 1 == rest.size())) {
      return Error(Code::kInvalidArgument, "'", ToValidUtf8(relative),
                   "' is no path below the root");
    }
    int flags = O_RDONLY | (last && !folder ? 0 : O_DIRECTORY);
    FileHandle next(OpenRetry(at.get(), std::string(name).c_str(), flags));
    if (next.get() < 0) return FromErrno(errno, "cannot open", relative);
    at = std::move(next);
    rest.remove_prefix(last ? rest.size() : slash + 1);
  }
  return at;
}

int64_t MtimeNs(const struct stat& info) {
  return static_cast<int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Result<FileContent> ReadStable(int root, std::string_view relative, uint64_t max_bytes) {
  for (int attempt = 0; attempt < kReadTries; ++attempt) {
    FileContent content;
    CAIRN_ASSIGN_OR_RETURN(bool stable, ReadOnce(root, relative, max_bytes, &content));
    if (stable) return content;
  }
  return Error(Code::kAborted, "keeps changing while it is read");
}

}  // namespace cairn::indexer
