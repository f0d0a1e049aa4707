#include <optional>
#include <stdexcept>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/library.h"
#include "cairn_bench/scratch.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

constexpr const char* kCollection = "notes";

cairn_index_stats IndexFolder(cairn_collection* collection, const std::string& root) {
  cairn_error* error = nullptr;
  cairn_index_report* raw = nullptr;
  cairn_status status =
      cairn_index_folder(collection, root.data(), root.size(), nullptr, &raw, &error);
  const IndexReport report(raw);
  Check(status, error, "cannot index " + root);
  cairn_index_stats stats{};
  stats.struct_size = sizeof stats;
  status = cairn_index_report_stats(raw, &stats, &error);
  Check(status, error, "cannot read the report");
  return stats;
}

void PrintLine(const std::string& root, const cairn_index_stats& stats, double seconds,
               double second_run, const Arguments& arguments, cairn_database* database) {
  cairn_database_stats held{};
  held.struct_size = sizeof held;
  cairn_error* error = nullptr;
  const cairn_status status = cairn_database_stats_get(database, &held, &error);
  Check(status, error, "cannot read the counts");
  JsonLine()
      .Text("bench", "index")
      .Text("root", root)
      .Text("embedder", arguments.Choice("embedder", {"builtin", "none"}))
      .Text("durability", arguments.Choice("durability", {"sync", "async"}))
      .Count("files", stats.added_count)
      .Count("failed", stats.failed_count)
      .Count("bytes", stats.bytes)
      .Count("chunks", stats.chunk_count)
      .Count("embedded", stats.embedded_count)
      .Number("seconds", seconds, 3)
      .Number("files_per_s", static_cast<double>(stats.added_count) / seconds, 1)
      .Number("mb_per_s", static_cast<double>(stats.bytes) * 1e-6 / seconds, 3)
      .Number("second_run_seconds", second_run, 4)
      .Count("disk_bytes", held.disk_bytes)
      .Count("peak_rss_bytes", PeakResidentBytes())
      .Print();
}

}  // namespace

void RunIndex(const std::vector<std::string>& given) {
  const Arguments arguments(given, {"root", "db", "embedder", "durability"}, {});
  const std::string root = arguments.Required("root");
  const bool async = arguments.Choice("durability", {"sync", "async"}) == "async";
  std::optional<ScratchFolder> scratch;
  if (!arguments.Has("db")) scratch.emplace();
  const std::string path = scratch ? scratch->path() + "/db" : arguments.Required("db");
  const Database database =
      OpenDatabase(path, async ? CAIRN_DURABILITY_ASYNC : CAIRN_DURABILITY_SYNC, false);
  // An existing collection is an error here: the first run is to start from nothing.
  const Collection collection = CreateCollection(database.get(), kCollection,
                                                 arguments.Choice("embedder", {"builtin", "none"}));
  const Stopwatch first;
  const cairn_index_stats stats = IndexFolder(collection.get(), root);
  const double seconds = first.Seconds();
  const Stopwatch second;
  const cairn_index_stats again = IndexFolder(collection.get(), root);
  const double second_run = second.Seconds();
  if (again.added_count + again.changed_count + again.deleted_count > 0) {
    throw std::runtime_error(root + " changed between the two runs");
  }
  PrintLine(root, stats, seconds, second_run, arguments, database.get());
}

}  // namespace cairn::bench
