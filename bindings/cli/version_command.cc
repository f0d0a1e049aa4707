#include <CLI/CLI.hpp>

#include "command.h"
#include "failure.h"
#include "handles.h"
#include "json.h"

namespace cairn::cli {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  cairn version          for a bug report\n"
    "  cairn version --json";

int RunVersion(const Globals& globals, Output* out) {
  if (globals.json) {
    out->Line(JsonObject()
                  .Text("version", cairn_version())
                  .Number("abi_version", cairn_abi_version())
                  .Text("kernel", cairn_kernel_name())
                  .Text("build", cairn_build_info())
                  .str());
    return kExitOk;
  }
  out->Line(std::string("cairn ") + cairn_version());
  if (globals.quiet) return kExitOk;
  out->Line("ABI " + std::to_string(cairn_abi_version()) + ", vector kernel " +
            cairn_kernel_name());
  out->Line(cairn_build_info());
  return kExitOk;
}

}  // namespace

int PrintShortVersion(const Globals& globals, Output* out) {
  if (globals.json) return RunVersion(globals, out);
  out->Line(std::string("cairn ") + cairn_version());
  return kExitOk;
}

void AddVersionCommand(CLI::App* app, Action* action) {
  CLI::App* command = app->add_subcommand("version", "Show the version and how it was built");
  command->footer(kFooter);
  command->callback([action] { *action = RunVersion; });
}

}  // namespace cairn::cli
