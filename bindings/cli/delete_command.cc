#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "failure.h"
#include "handles.h"
#include "json.h"
#include "locate.h"
#include "open.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "The file itself is not touched. As long as it is in the indexed folder and unchanged, a "
    "later\n"
    "`cairn index` finds it and adds the note again; to keep it out, name it in a .cairnignore "
    "file.\n"
    "\n"
    "Example:\n"
    "  cairn delete drafts/old-idea.md";

int RunDelete(const std::string& id, const Globals& globals, Output* out) {
  const Database database = OpenForWriting(FindDatabase(globals), CAIRN_DURABILITY_SYNC, true);
  const Collection collection = OpenCollection(database.get(), globals.collection);
  ErrorSlot error;
  Check(cairn_collection_delete(collection.get(), id.data(), id.size(), error.out()), error);
  Close(database.get());
  if (globals.json) {
    out->Line(JsonObject().Text("deleted", id).Text("collection", globals.collection).str());
  } else if (!globals.quiet) {
    out->Line("Deleted " + Printable(id) + " from " + Printable(globals.collection) + ".");
  }
  return kExitOk;
}

}  // namespace

void AddDeleteCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("delete", "Delete one note from the collection");
  command->footer(kFooter);
  const auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "Id of the note")->required()->type_name("");
  command->callback([id, action] {
    *action = [id](const Globals& globals, Output* out) { return RunDelete(*id, globals, out); };
  });
}

}  // namespace cairn::cli
