#include <unistd.h>

#include <CLI/CLI.hpp>

#include "collection_facts.h"
#include "command.h"
#include "failure.h"
#include "handles.h"
#include "json.h"
#include "layout.h"
#include "locate.h"
#include "open.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "With -c only that collection is shown, else all of them.\n"
    "\n"
    "Examples:\n"
    "  cairn stats\n"
    "  cairn stats --db ~/notes/.cairn --json";

cairn_database_stats StatsOf(const cairn_database* database) {
  cairn_database_stats stats{};
  stats.struct_size = sizeof stats;
  ErrorSlot error;
  Check(cairn_database_stats_get(database, &stats, error.out()), error);
  return stats;
}

std::vector<CollectionFacts> AllFacts(cairn_database* database, const Globals& globals) {
  std::vector<CollectionFacts> all;
  if (globals.collection_given) {
    all.push_back(FactsOf(database, globals.collection));
    return all;
  }
  for (const std::string& name : CollectionNames(database)) all.push_back(FactsOf(database, name));
  return all;
}

void PrintJson(const std::string& path, const cairn_database_stats& stats,
               const std::vector<CollectionFacts>& collections, Output* out) {
  const std::string database = JsonObject()
                                   .Text("path", path)
                                   .Number("disk_bytes", stats.disk_bytes)
                                   .Number("collections", stats.collection_count)
                                   .Number("documents", stats.document_count)
                                   .Number("chunks", stats.chunk_count)
                                   .Number("sequence", stats.sequence)
                                   .Number("format_version", stats.format_version)
                                   .str();
  std::string list;
  for (const CollectionFacts& facts : collections) {
    list += (list.empty() ? "" : ",") + FactsJson(facts);
  }
  out->Line(JsonObject().Raw("database", database).Raw("collections", "[" + list + "]").str());
}

/// Where the builtin embedder stands, in words.
std::string TrainingText(const cairn_collection_stats& stats) {
  if (stats.embedder != CAIRN_EMBEDDER_BUILTIN) return "";
  if (stats.embedder_generation > 0) {
    return ", trained on " + Counted(stats.trained_chunk_count, "chunk");
  }
  return ", not trained yet (needs " + Counted(stats.training_min_chunks, "chunk") + ")";
}

void PrintText(const Globals& globals, const std::string& path, const cairn_database_stats& stats,
               const std::vector<CollectionFacts>& collections, Output* out) {
  const Painter paint(UseColor(globals.color, STDOUT_FILENO));
  out->Line(paint(Style::kPath, Printable(path)));
  out->Line("  " + Counted(stats.document_count, "document") + ", " +
            Counted(stats.chunk_count, "chunk") + ", " + HumanBytes(stats.disk_bytes) +
            " on disk, format " + std::to_string(stats.format_version) + ", change " +
            std::to_string(stats.sequence));
  for (const CollectionFacts& facts : collections) {
    out->Line(paint(Style::kTitle, Printable(facts.name)));
    out->Line("  " + Counted(facts.stats.document_count, "document") + ", " +
              Counted(facts.stats.chunk_count, "chunk") + ", " +
              Counted(facts.stats.vector_count, "vector"));
    out->Line(std::string("  embedder ") + EmbedderName(facts.stats.embedder) +
              TrainingText(facts.stats));
  }
}

int RunStats(const Globals& globals, Output* out) {
  const std::string path = FindDatabase(globals);
  const Database database = OpenForReading(globals);
  const cairn_database_stats stats = StatsOf(database.get());
  const std::vector<CollectionFacts> collections = AllFacts(database.get(), globals);
  if (globals.json) {
    PrintJson(path, stats, collections, out);
  } else {
    PrintText(globals, path, stats, collections, out);
  }
  return kExitOk;
}

}  // namespace

void AddStatsCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("stats", "Show what the database holds");
  command->footer(kFooter);
  command->callback([action] { *action = RunStats; });
}

}  // namespace cairn::cli
