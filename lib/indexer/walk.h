#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "indexer/indexer.h"
#include "indexer/parser.h"

namespace cairn::indexer {

struct FoundFile {
  std::string id;  ///< path relative to the root, parts joined by '/'
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  Format format = Format::kMarkdown;
};

struct WalkResult {
  std::vector<FoundFile> files;      ///< sorted by id
  std::vector<FileProblem> failed;   ///< folders and files that could not be looked at
  std::vector<FileProblem> skipped;  ///< symbolic links, too large, names that are no UTF-8
  std::vector<std::string> unseen;   ///< folders (or files) of which nothing is known now
  bool cancelled = false;

  /// True when the walk could not see whether a file of that name is there.
  bool Unseen(std::string_view id) const;
};

struct WalkOptions {
  uint64_t max_file_bytes = 0;
  std::vector<std::string> extra_patterns;  ///< added behind those of `.cairnignore`
  /// Called per folder with the number of files found so far; false ends the walk.
  std::function<bool(uint64_t found, std::string_view folder)> progress;
};

/// How a file of this name is parsed: `.md` and `.markdown`, `.txt` and `.text`, whatever the case
/// of the letters. Nothing for others: they are not indexed.
std::optional<Format> FormatOf(std::string_view name);

/// Lists the files below the open folder `root` that are to be indexed. Follows no symbolic link.
/// Goes by the built-in ignore rules, then `.cairnignore` at the root, then `extra_patterns`. Fails
/// when `.cairnignore` is there but cannot be read, rather than index what its owner wants left
/// out, and when the root cannot be listed.
Result<WalkResult> WalkFolder(int root, const WalkOptions& options);

}  // namespace cairn::indexer
