#include "index_report.h"

#include <unistd.h>

#include <algorithm>

#include "failure.h"
#include "layout.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr size_t kListedProblems = 10;

cairn_index_stats StatsOf(const cairn_index_report* report) {
  cairn_index_stats stats{};
  stats.struct_size = sizeof stats;
  ErrorSlot error;
  Check(cairn_index_report_stats(report, &stats, error.out()), error);
  return stats;
}

std::string Changes(const cairn_index_stats& stats) {
  std::string text = std::to_string(stats.added_count) + " added, " +
                     std::to_string(stats.changed_count) + " changed, ";
  if (stats.renamed_count > 0) text += std::to_string(stats.renamed_count) + " renamed, ";
  return text + std::to_string(stats.deleted_count) + " deleted, " +
         std::to_string(stats.unchanged_count) + " unchanged";
}

void PrintProblems(const cairn_index_report* report, int32_t kind, const char* heading, Style style,
                   const Painter& paint) {
  const size_t count = cairn_index_report_problem_count(report, kind);
  if (count == 0) return;
  std::string text = paint(style, Counted(count, "file") + " " + heading + ":") + "\n";
  for (size_t i = 0; i < std::min(count, kListedProblems); ++i) {
    const char* path = nullptr;
    const char* reason = nullptr;
    ErrorSlot error;
    Check(cairn_index_report_problem(report, kind, i, &path, &reason, error.out()), error);
    text += "  " + Printable(path) + ": " + Printable(reason) + "\n";
  }
  if (count > kListedProblems) {
    text += "  and " + std::to_string(count - kListedProblems) + " more (--json lists them all)\n";
  }
  PrintError(text);
}

void PrintSummary(const std::string& folder, const cairn_index_stats& stats, Output* out) {
  const double seconds = static_cast<double>(stats.took_ns) * 1e-9;
  out->Line(Counted(stats.scanned_count, "file") + " in " + Printable(folder) + ": " +
            Changes(stats));
  std::string work = Counted(stats.chunk_count, "chunk") + " from " + HumanBytes(stats.bytes);
  if (stats.embedded_count > 0) work += ", " + std::to_string(stats.embedded_count) + " embedded";
  out->Line(work + ", " + Decimal(seconds, 2) + " s");
  if (stats.skipped_count > 0) {
    out->Line(Counted(stats.skipped_count, "file") + " skipped (--json says why)");
  }
}

}  // namespace

void PrintIndexReport(const Globals& globals, const std::string& folder,
                      const cairn_index_report* report, Output* out) {
  if (!globals.quiet) PrintSummary(folder, StatsOf(report), out);
  const Painter paint(UseColor(globals.color, STDERR_FILENO));
  PrintProblems(report, CAIRN_PROBLEM_FAILED, "could not be indexed", Style::kError, paint);
  if (globals.quiet) return;
  PrintProblems(report, CAIRN_PROBLEM_WARNING, "indexed with a warning", Style::kWarning, paint);
}

std::string KeptSentence(const cairn_index_report* report) {
  const char* again = "Run the same command again to go on.";
  if (report == nullptr) return std::string("Stopped. What was stored is kept. ") + again;
  const cairn_index_stats stats = StatsOf(report);
  const uint64_t kept = stats.added_count + stats.changed_count + stats.renamed_count;
  if (kept == 0 && stats.deleted_count == 0) {
    return std::string("Stopped before anything changed. ") + again;
  }
  std::string text = "Stopped. Kept: " + std::to_string(stats.added_count) + " added, " +
                     std::to_string(stats.changed_count) + " changed, " +
                     std::to_string(stats.renamed_count) + " renamed, " +
                     std::to_string(stats.deleted_count) + " deleted";
  return text + ". " + again;
}

}  // namespace cairn::cli
