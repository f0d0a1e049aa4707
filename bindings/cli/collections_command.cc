#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "collection_facts.h"
#include "command.h"
#include "failure.h"
#include "handles.h"
#include "json.h"
#include "layout.h"
#include "open.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  cairn collections\n"
    "  cairn collections --json";

void PrintJson(const std::vector<CollectionFacts>& collections, Output* out) {
  std::string list;
  for (const CollectionFacts& facts : collections) {
    list += (list.empty() ? "" : ",") + FactsJson(facts);
  }
  out->Line(JsonObject().Raw("collections", "[" + list + "]").str());
}

void PrintText(const Globals& globals, const std::vector<CollectionFacts>& collections,
               Output* out) {
  const Painter paint(UseColor(globals.color, STDOUT_FILENO));
  size_t widest = 0;
  for (const CollectionFacts& facts : collections) {
    widest = std::max(widest, ColumnsOf(Printable(facts.name)));
  }
  for (const CollectionFacts& facts : collections) {
    const std::string name = Printable(facts.name);
    out->Line(paint(Style::kTitle, name) + std::string(widest - ColumnsOf(name), ' ') + "  " +
              Counted(facts.stats.document_count, "document") + ", embedder " +
              EmbedderName(facts.stats.embedder));
  }
  if (collections.empty() && !globals.quiet) {
    out->Line("No collections yet: `cairn index FOLDER` makes one.");
  }
}

int RunCollections(const Globals& globals, Output* out) {
  const Database database = OpenForReading(globals);
  std::vector<CollectionFacts> collections;
  for (const std::string& name : CollectionNames(database.get())) {
    collections.push_back(FactsOf(database.get(), name));
  }
  if (globals.json) {
    PrintJson(collections, out);
  } else {
    PrintText(globals, collections, out);
  }
  return kExitOk;
}

}  // namespace

void AddCollectionsCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("collections", "List the collections of the database");
  command->footer(kFooter);
  command->callback([action] { *action = RunCollections; });
}

}  // namespace cairn::cli
