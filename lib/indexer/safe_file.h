#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::indexer {

/// A file descriptor that closes itself.
class FileHandle {
 public:
  explicit FileHandle(int fd = -1) : fd_(fd) {}
  ~FileHandle() { Close(); }
  FileHandle(FileHandle&& other) noexcept : fd_(other.Release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  int get() const { return fd_; }
  int Release();

 private:
  void Close();
  int fd_;
};

/// The folder's absolute path without symbolic links. kNotFound, kInvalidArgument (not a folder,
/// empty, holds NUL) or kPermissionDenied, naming the path.
Result<std::string> CanonicalFolder(std::string_view path);

/// Opens the folder for reading.
Result<FileHandle> OpenFolder(const std::string& path);

/// Opens `relative` below the open folder `root`, step by step, never through a symbolic link, so
/// that what is opened lies inside the root whatever the path says and whoever changes the tree
/// meanwhile. "" is the root itself. kInvalidArgument for absolute paths, empty parts, ".", "..",
/// NUL; kNotFound, kPermissionDenied or kIoError otherwise. Never blocks on a pipe.
Result<FileHandle> OpenBeneath(int root, std::string_view relative, bool folder);

int64_t MtimeNs(const struct stat& info);

struct FileContent {
  std::string bytes;
  int64_t mtime_ns = 0;
};

/// Reads a regular file below `root` of at most `max_bytes`. Looks at size and time before and
/// after, and starts again when they changed; after three tries kAborted. kOutOfRange when larger.
Result<FileContent> ReadStable(int root, std::string_view relative, uint64_t max_bytes);

}  // namespace cairn::indexer
