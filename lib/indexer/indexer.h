#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/status.h"
#include "indexer/document.h"
#include "indexer/parser.h"

namespace cairn::indexer {

/// What is remembered of an indexed file to tell whether it changed.
struct SourceState {
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  int64_t indexed_ns = 0;  ///< wall time of the look: an mtime not older than it is not trusted
  Hash128 hash;
};

/// Where the indexer's findings go; `db` implements it. Called from one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  /// The root recorded by an earlier run, or nothing.
  virtual Result<std::optional<std::string>> RecordedRoot() = 0;
  virtual Status RecordRoot(std::string_view root) = 0;
  /// Every indexed file, in any order.
  virtual Status ForEachSource(
      const std::function<void(std::string_view id, const SourceState& state)>& visit) = 0;
  /// Stores or replaces the document and its state, atomically.
  virtual Status Put(Document document, const SourceState& state) = 0;
  /// Content unchanged: only the state moves on.
  virtual Status Touch(std::string_view id, const SourceState& state) = 0;
  virtual Status Delete(std::string_view id) = 0;
  /// Called once after the last change of a run that was not cancelled: training, flush.
  virtual Status Finish(const std::function<bool()>& cancelled) = 0;
};

enum class Phase : int32_t { kScan = 0, kIndex = 1, kEmbed = 2, kDone = 3 };

struct Progress {
  Phase phase = Phase::kScan;
  uint64_t done = 0;
  uint64_t total = 0;  ///< 0 while unknown
  std::string_view path;
};

struct IndexOptions {
  bool force_root = false;         ///< index another root into the same collection
  bool allow_mass_delete = false;  ///< let a run delete more than half of all (at least 10) files
  uint64_t max_file_bytes = 1u << 20;
  /// Patterns in the manner of `.gitignore`, added behind the built-in ones (dot files and folders,
  /// `node_modules/`, `__pycache__/`) and those of the file `.cairnignore` at the root.
  std::vector<std::string> ignore;
  ChunkerOptions chunker;
  /// Returns false to cancel. Called from the indexing thread, at least once per file.
  std::function<bool(const Progress&)> progress;
  const Clock* clock = Clock::System();
};

struct FileProblem {
  std::string path;
  std::string reason;
};

struct IndexReport {
  uint64_t scanned = 0;  ///< files that the walk found worth indexing
  uint64_t added = 0;
  uint64_t changed = 0;
  uint64_t renamed = 0;
  uint64_t deleted = 0;
  uint64_t unchanged = 0;
  uint64_t chunks = 0;  ///< of added and changed files
  uint64_t bytes = 0;   ///< of added and changed files
  double seconds = 0;
  std::vector<FileProblem> failed;    ///< not indexed although they should be
  std::vector<FileProblem> skipped;   ///< left out on purpose (too large, symlink out of the root)
  std::vector<FileProblem> warnings;  ///< indexed, with something to tell
  bool cancelled = false;
};

/// Brings the sink up to date with the folder: `.md` and `.markdown` files as Markdown, `.txt` and
/// `.text` files as plain text, whatever the case of the extension. A document's id is its path
/// relative to the root. Nothing outside the root is read: symbolic links are not followed.
///
/// Deletions come last, and only for files known to be gone: what lies in a folder that cannot be
/// read stays, as does what cannot be read itself. A file that is there but is not to be indexed
/// any more (ignored, too large, binary, now a link) is deleted.
///
/// Single files that fail are reported, not fatal; so is a document that the sink refuses with
/// kInvalidArgument, kOutOfRange, kUnsupported, kFailedPrecondition, kUnavailable, kTimedOut or
/// kRateLimited. Any other failure of the sink ends the run; kCancelled counts as a cancel.
///
/// Errors: kNotFound, kInvalidArgument, kPermissionDenied or kIoError when the root is missing, not
/// a folder, or not readable (or `.cairnignore` is not); kFailedPrecondition when another root is
/// recorded, or when too much would be deleted (everything else is stored then; see
/// IndexOptions::allow_mass_delete).
Result<IndexReport> IndexFolder(std::string_view root, Sink* sink, const IndexOptions& options);

}  // namespace cairn::indexer
