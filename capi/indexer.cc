#include <cairn/indexer.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capi/callback.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/render.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::db::IndexOutcome;
using cairn::indexer::FileProblem;
using cairn::indexer::IndexOptions;

struct cairn_index_report final : Handle {
  static constexpr auto kKind = HandleKind::kReport;
  explicit cairn_index_report(IndexOutcome done) : Handle(kKind), outcome(std::move(done)) {}

  const IndexOutcome outcome;
};

namespace {

constexpr double kNsPerSecond = 1e9;

using GivenOptions = InputStruct<cairn_index_options>;

Status ReadIgnore(const GivenOptions& given, std::vector<std::string>* patterns) {
  if (given->ignore == nullptr && given->ignore_count != 0) {
    return cairn::Error(Code::kInvalidArgument, "options.ignore is NULL, but ignore_count is ",
                        given->ignore_count);
  }
  for (size_t i = 0; i < given->ignore_count; ++i) {
    CAIRN_ASSIGN_OR_RETURN(
        std::string_view pattern,
        ReadText(given->ignore[i], CAIRN_NUL_TERMINATED, cairn::StrCat("options.ignore[", i, "]")));
    patterns->emplace_back(pattern);
  }
  return cairn::OkStatus();
}

/// Lets the host see the progress. The host's data must outlive the result.
std::function<bool(const cairn::indexer::Progress&)> Progress(cairn_progress_fn progress_fn,
                                                              void* user_data) {
  if (progress_fn == nullptr) return {};
  return [progress_fn, user_data](const cairn::indexer::Progress& progress) {
    std::string path(progress.path);
    return progress_fn(static_cast<int32_t>(progress.phase), progress.done, progress.total,
                       path.c_str(), path.size(), user_data) == 0;
  };
}

Status ReadOptions(const GivenOptions& given, IndexOptions* options) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->force_root, "options.force_root"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->allow_mass_delete, "options.allow_mass_delete"));
  CAIRN_RETURN_IF_ERROR(ReadIgnore(given, &options->ignore));
  options->force_root = given->force_root != 0;
  options->allow_mass_delete = given->allow_mass_delete != 0;
  if (given->chunk_max_tokens != 0) options->chunker.max_tokens = given->chunk_max_tokens;
  if (given->max_file_bytes != 0) options->max_file_bytes = given->max_file_bytes;
  options->progress = Progress(given->progress_fn, given->progress_user_data);
  return cairn::OkStatus();
}

cairn_index_stats ToPublic(const IndexOutcome& outcome) {
  const cairn::indexer::IndexReport& report = outcome.report;
  cairn_index_stats out{};
  out.cancelled = report.cancelled ? 1 : 0;
  out.scanned_count = report.scanned;
  out.added_count = report.added;
  out.changed_count = report.changed;
  out.renamed_count = report.renamed;
  out.deleted_count = report.deleted;
  out.unchanged_count = report.unchanged;
  out.failed_count = report.failed.size();
  out.skipped_count = report.skipped.size();
  out.warning_count = report.warnings.size();
  out.chunk_count = report.chunks;
  out.bytes = report.bytes;
  out.embedded_count = outcome.embedded_count;
  out.took_ns = static_cast<int64_t>(report.seconds * kNsPerSecond);
  return out;
}

/// The problems of a kind; null for an unknown one.
const std::vector<FileProblem>* ProblemsOf(const cairn_index_report* report, int32_t kind) {
  if (!IsValid(report)) return nullptr;
  switch (kind) {
    case CAIRN_PROBLEM_FAILED:
      return &report->outcome.report.failed;
    case CAIRN_PROBLEM_SKIPPED:
      return &report->outcome.report.skipped;
    case CAIRN_PROBLEM_WARNING:
      return &report->outcome.report.warnings;
    default:
      return nullptr;
  }
}

}  // namespace

void cairn_index_options_init(cairn_index_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_index_folder(cairn_collection* collection, const char* root, size_t root_bytes,
                                const cairn_index_options* options, cairn_index_report** report_out,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    GivenOptions given(options);
    HostData progress_data(given->progress_user_data, given->progress_free);
    CAIRN_RETURN_IF_ERROR(ClearOut(report_out, "report_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_root, ReadPath(root, root_bytes, "root"));
    IndexOptions read;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &read));
    IndexOutcome outcome;
    Status status = collection->impl->IndexFolder(read_root, read, &outcome);
    if (!status.ok() && status.code() != Code::kCancelled) return status;
    *report_out = std::make_unique<cairn_index_report>(std::move(outcome)).release();
    return status;
  });
}

cairn_status cairn_index_report_stats(const cairn_index_report* report,
                                      cairn_index_stats* stats_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(report, "report"));
    FillStruct(stats_inout, ToPublic(report->outcome));
    return cairn::OkStatus();
  });
}

size_t cairn_index_report_problem_count(const cairn_index_report* report, int32_t kind) noexcept {
  const std::vector<FileProblem>* problems = ProblemsOf(report, kind);
  return problems == nullptr ? 0 : problems->size();
}

cairn_status cairn_index_report_problem(const cairn_index_report* report, int32_t kind,
                                        size_t index, const char** path_out,
                                        const char** reason_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    Status path_cleared = ClearOut(path_out, "path_out");
    CAIRN_RETURN_IF_ERROR(ClearOut(reason_out, "reason_out"));
    CAIRN_RETURN_IF_ERROR(std::move(path_cleared));
    CAIRN_RETURN_IF_ERROR(CheckHandle(report, "report"));
    const std::vector<FileProblem>* problems = ProblemsOf(report, kind);
    if (problems == nullptr || index >= problems->size()) {
      return cairn::Error(Code::kOutOfRange, "problem ", index, " of kind ", kind, " of ",
                          problems == nullptr ? 0 : problems->size());
    }
    *path_out = (*problems)[index].path.c_str();
    *reason_out = (*problems)[index].reason.c_str();
    return cairn::OkStatus();
  });
}

cairn_status cairn_index_report_json(const cairn_index_report* report, cairn_buffer** json_out,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(json_out, "json_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(report, "report"));
    *json_out = std::make_unique<cairn_buffer>(RenderReport(report->outcome)).release();
    return cairn::OkStatus();
  });
}

void cairn_index_report_release(cairn_index_report* report) noexcept { Release(report); }
