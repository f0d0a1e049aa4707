#include "command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <sstream>

#include "failure.h"

namespace cairn::cli {
namespace {

constexpr const char* kAbout =
    "Cairn: a search engine for your notes, in one folder on your disk.\n"
    "It finds by words, by meaning, or by both, without a server, an account or a model to "
    "download.";

constexpr const char* kFooter =
    "Examples:\n"
    "  cairn index ~/notes                  index a folder of Markdown and text files\n"
    "  cairn index ~/notes                  again: only what changed is read\n"
    "  cd ~/notes && cairn search tax form  search from anywhere inside the folder\n"
    "  cairn search --tag recipe --json rye bread\n"
    "\n"
    "Where the database is: --db, else the environment variable CAIRN_DB, else `index FOLDER` "
    "uses\n"
    "FOLDER/.cairn, and every other command the nearest `.cairn` folder from here upwards.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong, 130 stopped by Ctrl-C.\n"
    "With --json exactly one JSON object goes to standard output, on failure\n"
    "{\"error\":{\"code\":...,\"message\":...}}.\n"
    "\n"
    "`cairn COMMAND --help` tells more about a command.";

void AddGlobals(CLI::App* app, Globals* globals) {
  static const std::map<std::string, ColorMode> kModes = {
      {"auto", ColorMode::kAuto}, {"always", ColorMode::kAlways}, {"never", ColorMode::kNever}};
  const auto group = [](CLI::Option* option) { option->group("Common options"); };
  group(app->add_option("--db", globals->database, "Database folder (default: looked for)")
            ->type_name("PATH"));
  group(app->add_option_function<std::string>(
               "-c,--collection",
               [globals](const std::string& name) {
                 globals->collection = name;
                 globals->collection_given = true;
               },
               "Collection in the database (default: notes)")
            ->type_name("NAME"));
  group(app->add_flag("--json", globals->json, "Print one JSON object"));
  group(app->add_option_function<std::string>(
               "--color", [globals](const std::string& mode) { globals->color = kModes.at(mode); },
               "auto, always or never (default: auto; NO_COLOR is obeyed)")
            ->type_name("WHEN")
            ->check(CLI::IsMember({"auto", "always", "never"}).description("")));
  group(app->add_flag("-q,--quiet", globals->quiet, "Print results and errors only"));
}

/// True when --json stands among the arguments, for errors found before they are all read.
bool AsksForJson(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return false;
    if (argument == "--json") return true;
  }
  return false;
}

std::string HelpHint(const CLI::App& app) {
  for (const CLI::App* sub : app.get_subcommands()) {
    return "see `cairn " + sub->get_name() + " --help`";
  }
  return "see `cairn --help`";
}

[[noreturn]] void ThrowUsage(const CLI::App& app, const CLI::ParseError& error) {
  const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error);
  if (extras != nullptr && app.get_subcommands().empty()) {
    const std::vector<std::string> rest = app.remaining();
    const std::string first = rest.empty() ? "" : rest.front();
    const char* kind = first.rfind('-', 0) == 0 ? "no option " : "no command ";
    throw Failure(CAIRN_INVALID_ARGUMENT, "there is " + (kind + first) + "; " + HelpHint(app));
  }
  throw Failure(CAIRN_INVALID_ARGUMENT, std::string(error.what()) + "; " + HelpHint(app));
}

void AddCommands(CLI::App* app, Invocation* invocation) {
  AddIndexCommand(app, &invocation->action);
  AddSearchCommand(app, &invocation->action);
  AddGetCommand(app, &invocation->action);
  AddStatsCommand(app, &invocation->action);
  AddCollectionsCommand(app, &invocation->action);
  AddDeleteCommand(app, &invocation->action);
  AddVersionCommand(app, &invocation->action);
  for (CLI::App* sub : app->get_subcommands([](CLI::App*) { return true; })) {
    AddGlobals(sub, &invocation->globals);
  }
}

}  // namespace

void ParseCommandLine(int argc, char** argv, Invocation* invocation) {
  invocation->globals.json = AsksForJson(argc, argv);
  CLI::App app(kAbout, "cairn");
  app.footer(kFooter);
  app.get_formatter()->column_width(34);
  app.require_subcommand(0, 1);
  AddGlobals(&app, &invocation->globals);
  bool version = false;
  app.add_flag("--version", version, "Print the version");
  AddCommands(&app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    std::ostringstream text;
    app.exit(help, text, text);
    invocation->action = [help_text = text.str()](const Globals&, Output* out) {
      out->Print(help_text);
      return kExitOk;
    };
    return;
  } catch (const CLI::ParseError& error) {
    ThrowUsage(app, error);
  }
  if (version) invocation->action = PrintShortVersion;
  if (!invocation->action) {
    throw Failure(CAIRN_INVALID_ARGUMENT,
                  "a command is missing: index, search, get, stats, collections, delete or "
                  "version; see `cairn --help`");
  }
}

}  // namespace cairn::cli
