#include "indexer/index_run.h"

#include <unordered_set>
#include <utility>

#include "indexer/safe_file.h"

namespace cairn::indexer {
namespace {

constexpr uint64_t kMassDeleteLeast = 10;

/// Clocks of file systems tick as coarsely as every two seconds; a time closer than that to the
/// look does not prove that the file was last changed before it.
constexpr int64_t kMtimeGranularityNs = 2'000'000'000;

/// True when size and time say for certain that the content is the one that was indexed.
bool Unchanged(const FoundFile& file, const SourceState& state) {
  return file.size_bytes == state.size_bytes && file.mtime_ns == state.mtime_ns &&
         state.indexed_ns > kMtimeGranularityNs &&
         state.mtime_ns < state.indexed_ns - kMtimeGranularityNs;
}

/// True when a failure to store concerns this document only, so that the run can go on.
bool ConcernsOneDocument(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
    case Code::kUnsupported:
    case Code::kFailedPrecondition:
    case Code::kUnavailable:
    case Code::kTimedOut:
    case Code::kRateLimited:
      return true;
    default:
      return false;
  }
}

bool LooksBinary(std::string_view bytes) { return bytes.find('\0') != std::string_view::npos; }

std::string_view BinaryReason(std::string_view bytes) {
  std::string_view mark = bytes.substr(0, 2);
  bool utf16 = mark == "\xFF\xFE" || mark == "\xFE\xFF";
  return utf16 ? "binary content (UTF-16 text must be converted to UTF-8)" : "binary content";
}

}  // namespace

Status IndexRun::Execute(const std::string& canonical_root, bool record_root) {
  CAIRN_RETURN_IF_ERROR(LoadSources());
  CAIRN_RETURN_IF_ERROR(Walk());
  if (report_->cancelled) return OkStatus();
  FindVanished();
  if (record_root) CAIRN_RETURN_IF_ERROR(sink_->RecordRoot(canonical_root));
  CAIRN_RETURN_IF_ERROR(StoreFiles());
  if (report_->cancelled) return OkStatus();
  Status guarded = CheckMassDelete();
  if (guarded.ok()) CAIRN_RETURN_IF_ERROR(DeleteGone());
  if (report_->cancelled) return OkStatus();
  CAIRN_RETURN_IF_ERROR(Finish());
  return guarded;
}

Status IndexRun::LoadSources() {
  return sink_->ForEachSource([this](std::string_view id, const SourceState& state) {
    sources_.insert_or_assign(std::string(id), state);
  });
}

Status IndexRun::Walk() {
  WalkOptions walk_options;
  walk_options.max_file_bytes = options_.max_file_bytes;
  walk_options.extra_patterns = options_.ignore;
  walk_options.progress = [this](uint64_t found, std::string_view folder) {
    return Report(Phase::kScan, found, 0, folder);
  };
  CAIRN_ASSIGN_OR_RETURN(walk_, WalkFolder(root_, walk_options));
  if (walk_.cancelled) report_->cancelled = true;
  report_->scanned = walk_.files.size();
  report_->failed = std::move(walk_.failed);
  report_->skipped = std::move(walk_.skipped);
  return OkStatus();
}

void IndexRun::FindVanished() {
  std::unordered_set<std::string_view> found;
  for (const FoundFile& file : walk_.files) found.insert(file.id);
  for (const auto& [id, state] : sources_) {
    if (found.count(id) == 0 && !walk_.Unseen(id)) vanished_.emplace(state.hash, id);
  }
}

Status IndexRun::StoreFiles() {
  uint64_t total = walk_.files.size();
  for (uint64_t i = 0; i < total; ++i) {
    if (!Report(Phase::kIndex, i, total, walk_.files[i].id)) return OkStatus();
    CAIRN_RETURN_IF_ERROR(StoreFile(walk_.files[i]));
    if (report_->cancelled) return OkStatus();
  }
  Report(Phase::kIndex, total, total, "");
  return OkStatus();
}

Status IndexRun::StoreFile(const FoundFile& file) {
  auto known = sources_.find(file.id);
  if (known != sources_.end() && Unchanged(file, known->second)) {
    ++report_->unchanged;
    return OkStatus();
  }
  SourceState state;
  state.indexed_ns = options_.clock->UnixNs();
  Result<FileContent> content = ReadStable(root_, file.id, options_.max_file_bytes);
  if (!content.ok()) {
    NoteReadFailure(file, content.status());
    return OkStatus();
  }
  state.size_bytes = content->bytes.size();
  state.mtime_ns = content->mtime_ns;
  state.hash = HashContent(content->bytes);
  if (known != sources_.end() && known->second.hash == state.hash &&
      known->second.size_bytes == state.size_bytes) {
    ++report_->unchanged;
    return sink_->Touch(file.id, state);
  }
  return StoreContent(file, std::move(content->bytes), state);
}

/// A file that is not there any more, or grew too large, is no document; one that cannot be read
/// keeps its old document, since nothing is known about it.
void IndexRun::NoteReadFailure(const FoundFile& file, const Status& status) {
  std::string reason(status.message());
  if (status.code() == Code::kNotFound) {
    report_->skipped.push_back({file.id, "disappeared during the run"});
  } else if (status.code() == Code::kOutOfRange) {
    report_->skipped.push_back({file.id, std::move(reason)});
  } else {
    report_->failed.push_back({file.id, std::move(reason)});
    return;
  }
  if (sources_.count(file.id) != 0) unfit_.push_back(file.id);
}

Status IndexRun::StoreContent(const FoundFile& file, std::string bytes, const SourceState& state) {
  if (LooksBinary(bytes)) {
    report_->failed.push_back({file.id, std::string(BinaryReason(bytes))});
    if (sources_.count(file.id) != 0) unfit_.push_back(file.id);
    return OkStatus();
  }
  Status stored = Put(file, std::move(bytes), state);
  if (stored.ok()) return stored;
  if (stored.code() == Code::kCancelled) {
    report_->cancelled = true;
    return OkStatus();
  }
  if (!ConcernsOneDocument(stored.code())) return std::move(stored).WithContext(file.id);
  report_->failed.push_back({file.id, std::string(stored.message())});
  KeepOldPlace(file, state.hash);
  return OkStatus();
}

/// A renamed file that could not be stored stays findable under its old name.
void IndexRun::KeepOldPlace(const FoundFile& file, const Hash128& hash) {
  if (sources_.count(file.id) != 0) return;
  auto old = vanished_.find(hash);
  if (old != vanished_.end()) vanished_.erase(old);
}

Status IndexRun::Put(const FoundFile& file, std::string bytes, const SourceState& state) {
  Document document = ParseDocument(file.id, bytes, file.format, options_.chunker);
  uint64_t chunks = document.chunks.size();
  std::vector<std::string> warnings = document.warnings;
  CAIRN_RETURN_IF_ERROR(sink_->Put(std::move(document), state));
  for (std::string& warning : warnings) {
    report_->warnings.push_back({file.id, std::move(warning)});
  }
  bool known = sources_.count(file.id) != 0;
  if (!known && TakeRenamed(state.hash)) {
    ++report_->renamed;
    return OkStatus();
  }
  ++(known ? report_->changed : report_->added);
  report_->chunks += chunks;
  report_->bytes += bytes.size();
  return OkStatus();
}

bool IndexRun::TakeRenamed(const Hash128& hash) {
  auto old = vanished_.find(hash);
  if (old == vanished_.end()) return false;
  moved_.push_back(std::move(old->second));
  vanished_.erase(old);
  return true;
}

Status IndexRun::CheckMassDelete() const {
  uint64_t gone = vanished_.size() + unfit_.size();
  if (options_.allow_mass_delete || gone < kMassDeleteLeast || gone * 2 <= sources_.size()) {
    return OkStatus();
  }
  return Error(Code::kFailedPrecondition, gone, " of ", sources_.size(),
               " indexed files are gone from the root folder: nothing was deleted, everything else "
               "was stored; if the folder is really the right one and complete, run again with "
               "allow_mass_delete");
}

Status IndexRun::DeleteGone() {
  std::vector<std::string> gone = std::move(unfit_);
  for (auto& [hash, id] : vanished_) gone.push_back(std::move(id));
  for (const std::string& id : moved_) CAIRN_RETURN_IF_ERROR(sink_->Delete(id));
  for (const std::string& id : gone) {
    if (!Report(Phase::kIndex, walk_.files.size(), walk_.files.size(), id)) return OkStatus();
    CAIRN_RETURN_IF_ERROR(sink_->Delete(id));
    ++report_->deleted;
  }
  return OkStatus();
}

Status IndexRun::Finish() {
  uint64_t total = walk_.files.size();
  Status finished =
      sink_->Finish([this, total] { return !Report(Phase::kEmbed, total, total, ""); });
  if (finished.code() == Code::kCancelled) report_->cancelled = true;
  if (report_->cancelled) return OkStatus();
  CAIRN_RETURN_IF_ERROR(std::move(finished));
  if (options_.progress) options_.progress({Phase::kDone, total, total, ""});
  return OkStatus();
}

/// False when the caller wants to stop; remembered in the report.
bool IndexRun::Report(Phase phase, uint64_t done, uint64_t total, std::string_view path) {
  if (!options_.progress || options_.progress({phase, done, total, path})) return true;
  report_->cancelled = true;
  return false;
}

}  // namespace cairn::indexer
