#pragma once

#include <functional>
#include <string>

#include "output.h"
#include "terminal.h"

namespace CLI {
class App;
}

namespace cairn::cli {

/// Options that every command takes.
struct Globals {
  std::string database;  ///< --db; "" = look for it
  std::string collection = "notes";
  bool collection_given = false;
  bool json = false;
  bool quiet = false;
  ColorMode color = ColorMode::kAuto;
};

/// What a command line asks for; returns the exit code or throws a Failure.
using Action = std::function<int(const Globals&, Output*)>;

// Each adds a subcommand that, when it is given, puts its work into `action`.
void AddIndexCommand(CLI::App* app, Action* action);
void AddSearchCommand(CLI::App* app, Action* action);
void AddGetCommand(CLI::App* app, Action* action);
void AddStatsCommand(CLI::App* app, Action* action);
void AddCollectionsCommand(CLI::App* app, Action* action);
void AddDeleteCommand(CLI::App* app, Action* action);
void AddVersionCommand(CLI::App* app, Action* action);

/// The work of `cairn --version`.
int PrintShortVersion(const Globals& globals, Output* out);

}  // namespace cairn::cli
