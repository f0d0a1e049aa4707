#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.h"
#include "handles.h"

namespace cairn::cli {

/// Opens the database that the command line means without writing anything to it.
Database OpenForReading(const Globals& globals);

/// Opens a database to write it. must_exist: do not make a new one.
Database OpenForWriting(const std::string& path, int32_t durability, bool must_exist);

/// Opens a collection as it is; the Failure for a missing one names those that exist.
Collection OpenCollection(cairn_database* database, const std::string& name);

/// Names of all collections, in byte order.
std::vector<std::string> CollectionNames(const cairn_database* database);

/// Closes a written database, so that an error of the last write is not lost.
void Close(cairn_database* database);

}  // namespace cairn::cli
