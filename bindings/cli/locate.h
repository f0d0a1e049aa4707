#pragma once

#include <string>

#include "command.h"

namespace cairn::cli {

/// Where `index` keeps the database of a folder: --db, else CAIRN_DB, else FOLDER/.cairn.
std::string DatabaseFor(const Globals& globals, const std::string& folder);

/// Where the other commands find theirs: --db, else CAIRN_DB, else the nearest `.cairn` folder from
/// the current one upwards. Throws a Failure that tells what to do when there is none.
std::string FindDatabase(const Globals& globals);

}  // namespace cairn::cli
