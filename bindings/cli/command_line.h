#pragma once

#include "command.h"

namespace cairn::cli {

/// What the arguments of the process ask for.
struct Invocation {
  Globals globals;
  Action action;
};

/// Reads the command line. Throws a Failure with CAIRN_INVALID_ARGUMENT when it is wrong; then
/// `invocation->globals.json` still tells whether JSON was asked for.
void ParseCommandLine(int argc, char** argv, Invocation* invocation);

}  // namespace cairn::cli
