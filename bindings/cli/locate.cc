#include "locate.h"

#include <cstdlib>
#include <filesystem>

#include "failure.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolderName = ".cairn";

/// The place that was named outright, or "".
std::string NamedDatabase(const Globals& globals) {
  if (!globals.database.empty()) return globals.database;
  const char* variable = std::getenv("CAIRN_DB");
  return variable == nullptr ? "" : variable;
}

}  // namespace

std::string DatabaseFor(const Globals& globals, const std::string& folder) {
  const std::string named = NamedDatabase(globals);
  return named.empty() ? (fs::path(folder) / kFolderName).string() : named;
}

std::string FindDatabase(const Globals& globals) {
  const std::string named = NamedDatabase(globals);
  if (!named.empty()) return named;
  std::error_code error;
  const fs::path start = fs::current_path(error);
  for (fs::path folder = start; !error; folder = folder.parent_path()) {
    std::error_code ignored;  // a folder that cannot be read has none for us
    if (fs::is_directory(folder / kFolderName, ignored)) return (folder / kFolderName).string();
    if (folder == folder.parent_path()) break;
  }
  throw Failure(CAIRN_NOT_FOUND, "no database: there is no " + std::string(kFolderName) +
                                     " folder in " + start.string() +
                                     " or above it. Make one with `cairn index FOLDER`, or name "
                                     "one with --db or the environment variable CAIRN_DB");
}

}  // namespace cairn::cli
