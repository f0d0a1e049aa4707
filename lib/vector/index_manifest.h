#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::vector {

/// Which files together hold the sealed rows of an index, and which of those rows are deleted. The
/// host keeps it, with what it is the truth of.
///
/// `position` is of the host's log of changes: every row that was added up to it, and not removed
/// since, is in one of the files. Rows that were added later may be in them too, and rows that were
/// removed later may be dead already, so the changes after it are repeated when the index is
/// opened, and it does no harm to repeat one.
struct IndexManifest {
  struct File {
    std::string name;  ///< in the index's directory
    uint64_t rows = 0;
    std::vector<uint32_t> dead_rows;  ///< ascending
    friend bool operator==(const File&, const File&) = default;
  };

  uint64_t position = 0;
  std::vector<File> files;

  std::string Encode() const;
  /// kDataLoss for what Encode cannot have made, kFailedPrecondition for a newer format.
  static Result<IndexManifest> Decode(std::string_view bytes);
  friend bool operator==(const IndexManifest&, const IndexManifest&) = default;
};

}  // namespace cairn::vector
