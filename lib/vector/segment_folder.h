#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::vector {

/// The files of one index in a folder that several share: prefix, number, ".seg". A number is never
/// used twice while a file with it is there, be it one that a crash left.
///
/// Thread safety: thread-compatible.
class SegmentFolder {
 public:
  /// `directory` "" = no files. `prefix` must not be the start of another index's and end with what
  /// is no digit.
  SegmentFolder(std::string directory, std::string prefix)
      : directory_(std::move(directory)), prefix_(std::move(prefix)) {}

  bool none() const { return directory_.empty(); }
  /// Looks for the highest number there is. kIoError when the folder cannot be read.
  Status Open();
  /// A name above all others.
  std::string NewName();
  std::string PathOf(std::string_view name) const;
  /// Deletes the index's files but those named, as far as the system lets us.
  void RemoveAllBut(const std::vector<std::string>& names) const;

 private:
  Result<std::vector<std::string>> List() const;
  /// The number in a name of this index, also that of a file not finished; 0 = another's.
  uint64_t NumberOf(std::string_view name) const;

  const std::string directory_;
  const std::string prefix_;
  uint64_t last_ = 0;
};

}  // namespace cairn::vector
