#include <unistd.h>

#include <clocale>
#include <exception>
#include <new>

#include "command_line.h"
#include "failure.h"
#include "json.h"
#include "output.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

/// Tells about a failure: a sentence on standard error, with --json also an object on standard
/// output.
void Report(const Globals& globals, cairn_status code, const std::string& message) {
  const Painter paint(UseColor(globals.color, STDERR_FILENO));
  PrintError(paint(Style::kError, "cairn:") + " " + Printable(message) + "\n");
  if (!globals.json) return;
  JsonObject error;
  error.Text("code", cairn_status_name(code)).Text("message", message);
  Output out;
  out.Line(JsonObject().Raw("error", error.str()).str());
  try {
    out.Flush();
  } catch (...) {
    // Nobody reads it; the exit code still tells.
  }
}

int Run(int argc, char** argv) {
  Invocation invocation;
  try {
    ParseCommandLine(argc, argv, &invocation);
    Output out;
    const int code = invocation.action(invocation.globals, &out);
    out.Flush();
    return code;
  } catch (const BrokenPipe&) {
    return kExitFailure;
  } catch (const Failure& failure) {
    Report(invocation.globals, failure.code(), failure.message());
    return failure.exit_code();
  } catch (const std::bad_alloc&) {
    Report(invocation.globals, CAIRN_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& error) {
    Report(invocation.globals, CAIRN_INTERNAL, error.what());
  }
  return kExitFailure;
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for the width of characters
  return cairn::cli::Run(argc, argv);
}
