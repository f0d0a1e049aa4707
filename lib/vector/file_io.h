#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::vector {

/// A mapped file, read-only. It stays readable when its name is gone.
///
/// Thread safety: immutable. Ownership: unmaps itself.
class MappedFile {
 public:
  MappedFile(const uint8_t* data, size_t bytes) : data_(data), bytes_(bytes) {}
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  /// Asks the system to read a part ahead. It need not.
  void WillNeed(size_t offset, size_t bytes) const;

 private:
  const uint8_t* const data_;
  const size_t bytes_;
};

/// A regular file opened for reading.
///
/// Thread safety: immutable. Ownership: closes its descriptor; mappings outlive it.
class InputFile {
 public:
  /// kNotFound when there is none.
  static Result<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t bytes() const { return bytes_; }
  /// Reads exactly so many bytes; kDataLoss when the file ends before.
  Status Read(uint64_t offset, void* out, size_t bytes) const;
  /// The whole file, which must not be empty.
  Result<std::shared_ptr<const MappedFile>> Map() const;

 private:
  InputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  const std::string path_;
  const int fd_;
  uint64_t bytes_ = 0;
};

/// A new file, written beside its name until Commit. Without that nothing stays of it. At most one
/// at a time for a path.
///
/// Failures are those of the system: kResourceExhausted for a full disk, kPermissionDenied, else
/// kIoError.
///
/// Thread safety: thread-compatible.
class OutputFile {
 public:
  /// kIoError when there is a file at `path`.
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Bytes appended.
  uint64_t bytes() const { return written_ + buffer_.size(); }
  Status Append(const void* data, size_t bytes);
  /// Replaces the first bytes.
  Status Overwrite(const void* data, size_t bytes);
  /// Makes the file durable and gives it its name. A failure leaves no file.
  Status Commit();

 private:
  explicit OutputFile(const std::string& path);
  Status Flush();
  Status Write(uint64_t offset, const void* data, size_t bytes) const;

  const std::string path_;
  const std::string temporary_;
  int fd_ = -1;
  uint64_t written_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace cairn::vector
