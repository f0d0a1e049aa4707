#include <optional>
#include <string>

#include "base/bytes.h"
#include "indexer/index_run.h"
#include "indexer/indexer.h"
#include "indexer/safe_file.h"

namespace cairn::indexer {
namespace {

/// The recorded root as it would be recorded now, if that folder still exists.
std::string Canonical(const std::string& recorded) {
  Result<std::string> canonical = CanonicalFolder(recorded);
  return canonical.ok() ? *canonical : recorded;
}

/// True when `root` is to be recorded; fails when another one is and the caller does not insist.
Result<bool> CheckRoot(const std::string& root, Sink* sink, bool force) {
  CAIRN_ASSIGN_OR_RETURN(std::optional<std::string> recorded, sink->RecordedRoot());
  if (!recorded) return true;
  if (*recorded == root || Canonical(*recorded) == root) return *recorded != root;
  if (force) return true;
  return Error(Code::kFailedPrecondition, "this collection holds the folder '",
               ToValidUtf8(*recorded), "', not '", ToValidUtf8(root),
               "': index the folder into a collection or database of its own, or set force_root "
               "to replace what is there");
}

}  // namespace

Result<IndexReport> IndexFolder(std::string_view root, Sink* sink, const IndexOptions& options) {
  if (sink == nullptr) return Error(Code::kInvalidArgument, "no sink to index into");
  IndexOptions checked = options;
  if (checked.clock == nullptr) checked.clock = Clock::System();
  int64_t start = checked.clock->MonotonicNs();
  CAIRN_ASSIGN_OR_RETURN(std::string canonical, CanonicalFolder(root));
  CAIRN_ASSIGN_OR_RETURN(bool record, CheckRoot(canonical, sink, checked.force_root));
  CAIRN_ASSIGN_OR_RETURN(FileHandle folder, OpenFolder(canonical));
  IndexReport report;
  CAIRN_RETURN_IF_ERROR(IndexRun(folder.get(), sink, checked, &report).Execute(canonical, record));
  report.seconds = static_cast<double>(checked.clock->MonotonicNs() - start) / 1e9;
  return report;
}

}  // namespace cairn::indexer
